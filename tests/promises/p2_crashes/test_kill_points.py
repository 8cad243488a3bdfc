"""kill -9 at every single system call of a commit."""

from pathlib import Path

import pytest

from tests.help.effort import effort
from tests.help.ledger_process import LedgerProcess, names_in, traced

BEFORE = ["a0", "a1"]
# `make test` tries one system call in so many.
EVERY = effort(4, 1, 1)
# System calls of the process for its command pipe, which are not tried.
OF_THE_PIPE = {"read", "write", "poll"}


def opened(file: Path, synchronous: str) -> LedgerProcess:
    worker = LedgerProcess(file, synchronous)
    assert worker.tell("open") == "done"
    assert worker.credit(BEFORE)
    return worker


@pytest.mark.parametrize("synchronous", ["NORMAL", "FULL"])
def test_a_commit_cut_short_anywhere_is_whole_or_not_there(
    tmp_path: Path, synchronous: str
) -> None:
    """A process killed at any system call leaves the acknowledged rows, and at most one more."""
    log = tmp_path / "strace.log"
    worker = opened(tmp_path / "whole.db", synchronous)
    with traced(log, worker.process.pid) as tracing:
        assert worker.work()
    worker.end()
    calls = tracing.calls
    points = [
        (call, number)
        for call, times in calls.items()
        for number in range(1, len(times) + 1)
        if call not in OF_THE_PIPE
    ]
    assert len(points) > 80, list(calls)
    deaths = 0
    for place, (call, number) in enumerate(points[::EVERY]):
        file = tmp_path / f"{place}.db"
        worker = opened(file, synchronous)
        with traced(log, worker.process.pid, f"--inject={call}:signal=KILL:when={number}"):
            deaths += not worker.work()
        worker.end()
        assert names_in(file) in (worker.kept, worker.kept + worker.refused), (call, number)
    print(f"{deaths} deaths at {len(points)} points, one in {EVERY} tried")
    assert deaths >= 0.9 * len(points[::EVERY])
