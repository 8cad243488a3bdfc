"""While Litestream replicates only Litestream checkpoints; before and after it the instances do."""

import fcntl
import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import apsw
import pytest

from rinha.errors import StoreUnusableError
from rinha.sqlite.checkpoint import take_over_the_log
from rinha.sqlite.limits import LOG_PAGES_LOCKED, LOG_PAGES_LONG, LOG_PAGES_MAX
from tests.help.checkpointed_ledger import MANY, SOME_PAGES, CheckpointedLedger


@pytest.fixture
def checkpointed(tmp_path: Path) -> Iterator[CheckpointedLedger]:
    opened = CheckpointedLedger(tmp_path / "rinha.db")
    yield opened
    opened.close()


@pytest.fixture
def follower(checkpointed: CheckpointedLedger) -> int:
    """Litestream's lock on checkpoints, held until the descriptor is closed."""
    checkpointed.credit(1)
    return take_over_the_log(checkpointed.ledger.engine.path)


def test_what_it_may_have_missed_is_gone_from_the_log(checkpointed: CheckpointedLedger) -> None:
    """The WAL is empty when Litestream starts, so that it begins with a whole snapshot. It would
    mistake a restarted WAL for the one that it was reading."""
    checkpointed.credit(10)
    file = checkpointed.ledger.engine.path
    os.close(take_over_the_log(file))
    assert file.with_name("rinha.db-wal").stat().st_size == 0
    assert checkpointed.ledger.extrato(1).saldo.total == 10


def test_nobody_else_moves_the_log(checkpointed: CheckpointedLedger, follower: int) -> None:
    """While Litestream holds its lock neither thread nor writers checkpoint a WAL of any length."""
    checkpointed.credit(MANY)
    lengths = checkpointed.wal_pages[1:]
    assert all(later > earlier for earlier, later in pairwise(lengths))
    assert lengths[-1] > 2 * LOG_PAGES_MAX
    os.close(follower)


def test_a_power_cut_takes_no_more_than_ever(
    checkpointed: CheckpointedLedger, follower: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While Litestream replicates the instances sync the WAL, which bounds a power cut's loss."""
    synced_at: list[int] = []
    monkeypatch.setattr(os, "fdatasync", lambda _log: synced_at.append(checkpointed.wal_pages[-1]))
    checkpointed.credit(MANY)
    pages = [0, *synced_at, checkpointed.wal_pages[-1]]
    assert max(later - earlier for earlier, later in pairwise(pages)) < LOG_PAGES_MAX + SOME_PAGES
    os.close(follower)


def test_the_instances_move_it_again_when_it_is_gone(
    checkpointed: CheckpointedLedger, follower: int
) -> None:
    """When Litestream ends its lock is released, and the instances checkpoint again."""
    checkpointed.credit(LOG_PAGES_LONG)
    os.close(follower)
    assert checkpointed.credit_until_wal_restarts() < LOG_PAGES_LOCKED + SOME_PAGES


def test_a_neighbour_in_the_middle_of_moving_it_is_waited_for(
    checkpointed: CheckpointedLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Litestream waits a bounded time for a checkpoint or a reader, and then fails."""
    monkeypatch.setattr("rinha.sqlite.checkpoint.REPLICA_TURN_MAX_S", 0.1)
    file = checkpointed.ledger.engine.path
    with file.with_name("rinha.db.follower").open("r+b") as moving:
        fcntl.flock(moving, fcntl.LOCK_SH)
        with pytest.raises(StoreUnusableError, match="somebody moves its log"):
            take_over_the_log(file)
    reader = apsw.Connection(str(file))
    checkpointed.credit(1)
    reader.execute("BEGIN; SELECT saldo FROM clientes")
    checkpointed.credit(1)
    with pytest.raises(StoreUnusableError, match="reads on and on"):
        take_over_the_log(file)
    reader.close()
    os.close(take_over_the_log(file))
