"""Logs are JSON lines, and trouble that goes on is told once."""

import json
import logging

import pytest

from rinha import logs
from rinha.logs import log, setup, tell


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def fail() -> None:
    try:
        raise OSError("disk full")
    except OSError:
        log.exception("trouble")


def test_a_line_is_json_with_its_fields(capsys: pytest.CaptureFixture[str]) -> None:
    """Every line can be read by a machine: time, level, event and what belongs to it."""
    setup("info")
    tell(logging.INFO, "started", file="a.db")
    tell(logging.DEBUG, "not this one")
    (line,) = lines(capsys)
    assert (line["level"], line["event"], line["file"]) == ("info", "started", "a.db")
    assert str(line["time"]).endswith("Z")


def test_trouble_that_goes_on_is_told_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """17,000 failures are one traceback, and after a while one line that counts the rest."""
    setup("info")
    for _ in range(17_000):
        fail()
    (line,) = lines(capsys)
    assert "disk full" in str(line["traceback"])
    monkeypatch.setattr(logs, "LOG_REPEAT_S", 0.0)
    fail()
    (line,) = lines(capsys)
    assert line["repeated"] == 17_000
    assert "traceback" not in line


def test_different_troubles_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    """One loud failure does not hide another."""
    setup("info")
    fail()
    try:
        raise ValueError("other")
    except ValueError:
        log.exception("trouble")
    tell(logging.ERROR, "something without a traceback")
    tell(logging.ERROR, "something without a traceback")
    assert len(lines(capsys)) == 3
