"""The logs as `make logs` follows them."""

import itertools
from pathlib import Path
from typing import TextIO

import pytest

from stack import log_files


def test_no_line_is_lost_in_a_rotation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines written just before a rotation are shown, and then those of the new file."""
    current, numbers = tmp_path / "current", itertools.count(1)
    current.write_text("0\n")
    is_rotated = log_files._is_rotated

    def rotate_and_ask(path: Path, log: TextIO) -> bool:
        number = next(numbers)
        assert number < 10, "lines are missing"
        with current.open("a") as writer:
            writer.write(f"{number}\n")
        current.rename(tmp_path / f"old{number}")
        current.touch()
        return is_rotated(path, log)

    monkeypatch.setattr(log_files, "_is_rotated", rotate_and_ask)
    monkeypatch.setattr(log_files, "POLL_S", 0)
    shown = "".join(itertools.islice(log_files.follow([current]), 5))
    lines = [int(line) for line in shown.splitlines() if not line.startswith("==>")]
    assert lines == list(range(6))
