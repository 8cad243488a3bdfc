"""Logs are JSON lines, and an error that repeats is logged once."""

import json
import logging

import pytest

from rinha import logs
from rinha.logs import log, log_event, setup


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def fail() -> None:
    try:
        raise OSError("disk full")
    except OSError:
        log.exception("it failed")


def test_a_line_is_json_with_its_fields(capsys: pytest.CaptureFixture[str]) -> None:
    """A log line is JSON with the time, the level, the event and its fields."""
    setup("info")
    log_event(logging.INFO, "started", file="a.db")
    log_event(logging.DEBUG, "not this one")
    (line,) = lines(capsys)
    assert (line["level"], line["event"], line["file"]) == ("info", "started", "a.db")
    assert str(line["time"]).endswith("Z")


def test_an_error_that_goes_on_is_logged_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """17,000 equal failures give one traceback, and later one line with their number."""
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


def test_different_errors_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    """Different errors are logged apart."""
    setup("info")
    fail()
    try:
        raise ValueError("other")
    except ValueError:
        log.exception("it failed")
    log_event(logging.ERROR, "something without a traceback")
    log_event(logging.ERROR, "something without a traceback")
    assert len(lines(capsys)) == 3
