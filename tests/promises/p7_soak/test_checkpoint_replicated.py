"""While Litestream replicates only Litestream checkpoints; before and after it the instances do."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import apsw
import pytest

from rinha.errors import StoreUnusableError
from rinha.sqlite.checkpoint import take_over_checkpoints
from rinha.sqlite.limits import WAL_PAGES_LOCKED, WAL_PAGES_LONG, WAL_PAGES_MAX
from tests.help.checkpointed_ledger import MANY, SOME_PAGES, CheckpointedLedger


@pytest.fixture
def litestreams_lock(checkpointed: CheckpointedLedger) -> int:
    """Litestream's lock on checkpoints, held until the descriptor is closed."""
    checkpointed.credit(1)
    return take_over_checkpoints(checkpointed.ledger.engine.path)


def test_the_wal_is_empty_when_it_starts(checkpointed: CheckpointedLedger) -> None:
    """The WAL is empty when Litestream starts, so that it begins with a whole snapshot. It would
    mistake a restarted WAL for the one that it was reading."""
    checkpointed.credit(10)
    file = checkpointed.ledger.engine.path
    os.close(take_over_checkpoints(file))
    assert file.with_name("rinha.db-wal").stat().st_size == 0
    assert checkpointed.ledger.extrato(1).saldo.total == 10


@pytest.mark.parametrize("is_snapshot", [True, False])
def test_a_file_without_a_wal_needs_no_checkpoint(
    checkpointed: CheckpointedLedger, tmp_path: Path, is_snapshot: bool
) -> None:
    """Litestream starts on a snapshot that was copied to the ledger's place, and on a file that an
    instance has just created: neither is in WAL mode yet."""
    file = tmp_path / "copy.db"
    if is_snapshot:
        checkpointed.ledger.engine.snapshot(file)
    else:
        file.touch()
    os.close(take_over_checkpoints(file))


def test_nobody_else_runs_checkpoints(
    checkpointed: CheckpointedLedger, litestreams_lock: int
) -> None:
    """While Litestream holds its lock neither thread nor writers checkpoint a WAL of any length."""
    checkpointed.credit(MANY)
    lengths = checkpointed.wal_pages[1:]
    assert all(later > earlier for earlier, later in pairwise(lengths))
    assert lengths[-1] > 2 * WAL_PAGES_MAX
    os.close(litestreams_lock)


@pytest.mark.parametrize(
    "command",
    [("cliente", "limit", "1", "7"), ("sql", "UPDATE clientes SET limite = 7 WHERE cliente = 1")],
)
def test_no_command_runs_checkpoints(
    checkpointed: CheckpointedLedger, litestreams_lock: int, command: Sequence[str]
) -> None:
    """A command that writes does not copy a long WAL into the file."""
    checkpointed.credit(WAL_PAGES_LONG)
    file = checkpointed.ledger.engine.path
    before = file.stat()
    subprocess.run(
        [sys.executable, "-m", "rinha", *command],
        env={**os.environ, "RINHA_LEDGER": str(file)},
        check=True,
    )
    assert checkpointed.ledger.extrato(1).saldo.limite == 7
    after = file.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    os.close(litestreams_lock)


def test_a_power_cut_takes_no_more_than_ever(
    checkpointed: CheckpointedLedger, litestreams_lock: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While Litestream replicates the instances sync the WAL, which bounds a power cut's loss."""
    synced_at: list[int] = []
    monkeypatch.setattr(os, "fdatasync", lambda _log: synced_at.append(checkpointed.wal_pages[-1]))
    checkpointed.credit(MANY)
    pages = [0, *synced_at, checkpointed.wal_pages[-1]]
    assert max(later - earlier for earlier, later in pairwise(pages)) < WAL_PAGES_MAX + SOME_PAGES
    os.close(litestreams_lock)


def test_the_instances_run_checkpoints_again_when_it_is_gone(
    checkpointed: CheckpointedLedger, litestreams_lock: int
) -> None:
    """When Litestream ends its lock is released, and the instances checkpoint again."""
    checkpointed.credit(WAL_PAGES_LONG)
    os.close(litestreams_lock)
    assert checkpointed.credit_until_wal_restarts() < WAL_PAGES_LOCKED + SOME_PAGES


def test_a_running_checkpoint_or_reader_is_waited_for(
    checkpointed: CheckpointedLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Litestream waits a bounded time for a checkpoint or a reader, and then fails."""
    file = checkpointed.ledger.engine.path
    reader = apsw.Connection(str(file))
    with monkeypatch.context() as impatient:
        impatient.setattr("rinha.sqlite.checkpoint.TAKE_OVER_MAX_S", 0.1)
        with file.with_name("rinha.db.follower").open("r+b") as moving:
            fcntl.flock(moving, fcntl.LOCK_SH)
            with pytest.raises(StoreUnusableError, match="cannot take over its checkpoints"):
                take_over_checkpoints(file)
        checkpointed.credit(1)
        reader.execute("BEGIN; SELECT saldo FROM clientes")
        checkpointed.credit(1)
        with pytest.raises(StoreUnusableError, match="runs one, or reads"):
            take_over_checkpoints(file)
    reader.close()
    os.close(take_over_checkpoints(file))
