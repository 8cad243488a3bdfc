"""Checkpoints run beside the requests, even if a neighbour is gone or hangs."""

import errno
import fcntl
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import apsw
import pytest

from rinha.errors import StoreUnusableError
from rinha.sqlite.checkpoint import Checkpointer
from rinha.sqlite.limits import WAL_PAGES_LOCKED, WAL_PAGES_LONG, WAL_PAGES_MAX
from tests.help.checkpointed_ledger import MANY, SOME_PAGES, TIMEOUT_S, CheckpointedLedger


@pytest.fixture
def neighbours_lock(tmp_path: Path) -> Iterator[int]:
    """The checkpoint lock, held by a neighbour until the descriptor is closed."""
    lock = os.open(tmp_path / "rinha.db.checkpoint", os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_EX)
    yield lock
    os.close(lock)


def test_the_wal_stays_short_under_the_usual_load(checkpointed: CheckpointedLedger) -> None:
    """A long WAL restarts soon under the usual load, and no writer has to checkpoint it."""
    for _ in range(3):
        assert checkpointed.credit_until_wal_restarts() < WAL_PAGES_LOCKED + SOME_PAGES
        checkpointed.credit(1)


def test_the_wal_stays_bounded_under_any_load(
    checkpointed: CheckpointedLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The WAL stays bounded if the load leaves the thread no pause; nothing is lost or doubled.

    A writer that finds the thread amid its checkpoint tries again after WAL_PAGES_LONG pages.
    """
    checkpointer, found_busy = checkpointed.checkpointer, []
    copies_all = checkpointer._copies_all

    def count_busy(*args: Any) -> bool:
        try:
            return copies_all(*args)
        except apsw.BusyError:
            found_busy.append(1)
            raise

    monkeypatch.setattr(checkpointer, "_copies_all", count_busy)
    checkpointed.credit(MANY)
    most_pages = WAL_PAGES_MAX + SOME_PAGES + len(found_busy) * WAL_PAGES_LONG
    assert max(checkpointed.wal_pages) < most_pages
    assert sum(later < earlier for earlier, later in pairwise(checkpointed.wal_pages)) > 1
    assert checkpointed.ledger.extrato(1).saldo.total == MANY
    assert checkpointed.ledger.audit().problems == []


def test_writers_checkpoint_when_nobody_else_does(
    neighbours_lock: int, checkpointed: CheckpointedLedger
) -> None:
    """While a neighbour hangs and holds the checkpoint lock, writers keep the WAL bounded."""
    checkpointed.credit(MANY)
    assert WAL_PAGES_MAX <= max(checkpointed.wal_pages) < WAL_PAGES_MAX + SOME_PAGES


def test_the_lock_is_free_when_its_owner_ends(
    neighbours_lock: int, checkpointed: CheckpointedLedger
) -> None:
    """When the neighbour that holds the checkpoint lock ends, the other instance checkpoints."""
    checkpointed.credit(WAL_PAGES_LONG)
    fcntl.flock(neighbours_lock, fcntl.LOCK_UN)
    assert checkpointed.credit_until_wal_restarts() < WAL_PAGES_LOCKED + SOME_PAGES


def test_a_checkpoint_that_fails_harms_no_commit(
    checkpointed: CheckpointedLedger,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A failed checkpoint is logged, commits go on, and it is tried again until it succeeds."""

    def fail(_: Checkpointer) -> None:
        raise apsw.IOError("disk I/O error")

    with caplog.at_level(logging.ERROR, "rinha"), monkeypatch.context() as fault:
        fault.setattr(Checkpointer, "_checkpoint", fail)
        deadline = time.monotonic() + TIMEOUT_S
        while not caplog.records and time.monotonic() < deadline:
            checkpointed.credit(1)
    assert caplog.messages[:1] == ["checkpoint failed, a later commit tries again"]
    assert checkpointed.credit_until_wal_restarts() < WAL_PAGES_LOCKED + SOME_PAGES


def test_without_checkpoints_only_the_wal_grows(
    neighbours_lock: int, checkpointed: CheckpointedLedger
) -> None:
    """While a long read blocks checkpoints only the WAL grows, and it restarts afterwards."""
    reader = apsw.Connection(str(checkpointed.ledger.engine.path))
    checkpointed.credit(1)
    reader.execute("BEGIN")
    assert reader.execute("SELECT saldo FROM clientes WHERE cliente = 1").get == 1
    checkpointed.credit(MANY)
    assert max(checkpointed.wal_pages) > WAL_PAGES_MAX + SOME_PAGES
    reader.close()
    checkpointed.credit_until_wal_restarts()
    assert checkpointed.ledger.extrato(1).saldo.total == len(checkpointed.wal_pages)


HOLDER = """
import fcntl, sys, time
shared = open(sys.argv[1], "r+b")
fcntl.lockf(shared, fcntl.LOCK_EX, 1, 121)
print("held", flush=True)
time.sleep(600)
"""


@pytest.fixture
def hangs(checkpointed: CheckpointedLedger) -> "Iterator[subprocess.Popen[str]]":
    """A neighbour that hangs in a checkpoint, and holds SQLite's lock for it."""
    shared = f"{checkpointed.ledger.engine.path}-shm"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, shared], stdout=subprocess.PIPE, text=True
    ) as neighbour:
        assert neighbour.stdout is not None
        assert neighbour.stdout.readline() == "held\n"
        yield neighbour
        neighbour.kill()


def test_a_neighbour_that_hangs_in_a_checkpoint_raises_no_risk(
    hangs: "subprocess.Popen[str]",
    checkpointed: CheckpointedLedger,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While a neighbour hangs in a checkpoint writers sync the WAL; a failed sync is harmless."""
    synced_at: list[int] = []

    def sync(log: int) -> None:
        assert Path(f"/proc/self/fd/{log}").readlink().name == "rinha.db-wal"
        synced_at.append(checkpointed.wal_pages[-1])
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as fault:
        fault.setattr(os, "fdatasync", sync)
        checkpointed.credit(MANY)
    pages = [0, *synced_at, checkpointed.wal_pages[-1]]
    assert pages[-1] > 2 * WAL_PAGES_MAX
    assert max(later - earlier for earlier, later in pairwise(pages)) < WAL_PAGES_MAX + SOME_PAGES
    hangs.kill()
    checkpointed.credit_until_wal_restarts()
    assert checkpointed.ledger.extrato(1).saldo.total == len(checkpointed.wal_pages)


def test_the_last_to_close_leaves_no_wal(tmp_path: Path) -> None:
    """After a stop the ledger is one file, even if the thread was in a checkpoint."""
    checkpointed = CheckpointedLedger(tmp_path / "rinha.db")
    checkpointed.credit(WAL_PAGES_LONG)
    checkpointed.close()
    assert not (tmp_path / "rinha.db-wal").exists()


def test_a_folder_that_may_not_be_written_is_one_clear_line(tmp_path: Path) -> None:
    """If the checkpoint lock cannot be opened the instance does not start, and names the file."""
    (tmp_path / "rinha.db.checkpoint").mkdir()
    with pytest.raises(StoreUnusableError, match=r"rinha\.db\.checkpoint"):
        Checkpointer(tmp_path / "rinha.db")
