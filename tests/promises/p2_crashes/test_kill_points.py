"""kill -9 at every single system call of commits, of one request and of groups."""

from itertools import chain
from pathlib import Path

import pytest

from rinha.crebitos.limits import FIRST_LIMITES
from tests.help.effort import effort
from tests.help.ledger_process import LedgerProcess, changes_in, kill_at_points, names_in

BEFORE = ["a0", "a1"]
# `make test` tries one system call in so many.
EVERY = effort(4, 1, 1)


def opened(file: Path, synchronous: str) -> LedgerProcess:
    worker = LedgerProcess(file, synchronous)
    assert worker.tell("open") == "done"
    assert worker.credit(BEFORE)
    return worker


@pytest.mark.parametrize("synchronous", ["NORMAL", "FULL"])
def test_a_commit_cut_short_anywhere_is_whole_or_not_there(
    tmp_path: Path, synchronous: str
) -> None:
    """A process killed at any system call leaves the acknowledged rows, and at most the one
    transaction more that it was at, whole."""
    kill_at_points(
        tmp_path,
        EVERY,
        lambda file: opened(file, synchronous),
        LedgerProcess.work,
        lambda file, worker: (
            names_in(file) in (worker.kept, [*worker.kept, *chain(*worker.refused)])
        ),
    )


def test_a_change_of_a_client_cut_short_anywhere_is_whole_or_not_there(tmp_path: Path) -> None:
    """A process killed at any system call of `limit` or `close` leaves the acknowledged changes,
    and at most the one more that it was at, each with its row: the audit compares them."""
    every_change = [(cliente, acao) for cliente in FIRST_LIMITES for acao in ("limit", "close")]
    kill_at_points(
        tmp_path,
        2 * EVERY,
        lambda file: opened(file, "FULL"),
        LedgerProcess.change,
        lambda file, worker: (
            changes_in(file) in (every_change[: worker.changes], every_change[: worker.changes + 1])
        ),
    )
