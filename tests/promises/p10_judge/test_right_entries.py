"""Entries that keep the contract pass each command, in the harness of the wrong ones."""

import gc
from pathlib import Path

import pytest

from tests.help.judging import WORDS, judge
from tests.help.right_entries import RIGHT


@pytest.mark.parametrize("command", WORDS)
@pytest.mark.parametrize("edition", RIGHT)
def test_a_right_entry_passes(edition: str, command: str, tmp_path: Path) -> None:
    """A right entry passes; only a busy machine may make its load invalid."""
    words = (command, "127.0.0.1:1", *WORDS[command], "--edition", edition, "--seed", "1")
    judged = judge(RIGHT[edition](), words, tmp_path)
    assert judged.code == 0 or (judged.code == 4 and "INVALID" in judged.out), judged.out
    print(judged)


@pytest.mark.parametrize("command", WORDS)
@pytest.mark.parametrize("edition", RIGHT)
def test_a_command_leaves_no_descriptor_open(edition: str, command: str, tmp_path: Path) -> None:
    """Many commands in one process need no more descriptors than one."""
    words = (command, "127.0.0.1:1", *WORDS[command], "--edition", edition, "--seed", "1")
    counts = []
    for _ in range(2):
        judge(RIGHT[edition](), words, tmp_path)
        gc.collect()
        counts.append(len(list(Path("/proc/self/fd").iterdir())))
    assert counts[0] == counts[1]
