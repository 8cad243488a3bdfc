"""The logs as `make logs` follows them."""

import itertools
from pathlib import Path
from typing import TextIO

import pytest

from stack import look


def test_no_line_is_lost_in_a_rotation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines written just before a rotation are shown, and then those of the new file."""
    current, numbers = tmp_path / "current", itertools.count(1)
    current.write_text("0\n")
    is_another = look._is_another

    def rotate_and_ask(path: Path, log: TextIO) -> bool:
        number = next(numbers)
        assert number < 10, "lines are missing"
        with current.open("a") as writer:
            writer.write(f"{number}\n")
        current.rename(tmp_path / f"old{number}")
        current.touch()
        return is_another(path, log)

    monkeypatch.setattr(look, "_is_another", rotate_and_ask)
    monkeypatch.setattr(look, "LOOK_AGAIN_S", 0)
    shown = "".join(itertools.islice(look.follow([current]), 5))
    lines = [int(line) for line in shown.splitlines() if not line.startswith("==>")]
    assert lines == list(range(6))
