"""Entries that keep the contract pass each command, in the harness of the wrong ones."""

import gc
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.help.judging import WORDS, Judged, is_accepted, judge
from tests.help.right_entries import RIGHT


@pytest.fixture(params=[(edition, command) for edition in RIGHT for command in WORDS], ids="-".join)
def judged(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Judged]:
    """Runs a command on a new right entry of an edition."""
    edition, command = request.param
    words = (command, "127.0.0.1:1", *WORDS[command], "--edition", edition, "--seed", "1")
    return lambda: judge(RIGHT[edition](), words, tmp_path)


def test_a_right_entry_passes(judged: Callable[[], Judged], tmp_path: Path) -> None:
    """A right entry passes; only a busy machine may make its load invalid."""
    ran = judged()
    assert is_accepted(ran, tmp_path), ran.out
    print(ran)


def test_a_command_leaves_no_descriptor_open(judged: Callable[[], Judged]) -> None:
    """Many commands in one process need no more descriptors than one."""
    counts = []
    for _ in range(2):
        judged()
        gc.collect()
        counts.append(len(list(Path("/proc/self/fd").iterdir())))
    assert counts[0] == counts[1]
