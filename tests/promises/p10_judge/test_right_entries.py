"""Entries that keep the contract pass each command, in the harness of the wrong ones."""

from pathlib import Path

import pytest

from tests.help.judging import WORDS, judge
from tests.help.right_entries import RightLedger, RightRegistry

EDITIONS = {"2024q1": RightLedger, "2023q3": RightRegistry}


@pytest.mark.parametrize("command", WORDS)
@pytest.mark.parametrize("edition", EDITIONS)
def test_a_right_entry_passes(edition: str, command: str, tmp_path: Path) -> None:
    """A right entry passes; only a busy machine may make its load invalid."""
    words = (command, "127.0.0.1:1", *WORDS[command], "--edition", edition, "--seed", "1")
    judged = judge(EDITIONS[edition](), words if command != "gatling" else (), tmp_path)
    assert judged.code == 0 or (judged.code == 4 and "INVALID" in judged.out), judged.out
    print(judged)
