"""The WAL is checked after a failed write, which may have changed it, before it is used again."""

import os
import shutil
from pathlib import Path
from random import Random

import apsw
import pytest

from rinha.crebitos.messages import Transacao
from rinha.crebitos.on_sqlite import SqliteLedger
from rinha.errors import OutcomeUnknownError, StoreUnavailableError
from rinha.sqlite.checkpoint import Checkpointer
from tests.help.effort import drawn_seed, effort

PLACES = effort(20, 200, 2_000)
ACKNOWLEDGED = 20
CREDIT = Transacao(1, "c", "abc")


def opened(file: Path) -> SqliteLedger:
    return SqliteLedger(file, synchronous="FULL", lock_wait_s=1)


def fail_a_sync(ledger: SqliteLedger) -> None:
    """Lets one sync fail, after a commit whose outcome is then unknown."""

    def fail(_fd: int) -> None:
        raise OSError(5, "Input/output error")

    with pytest.MonkeyPatch.context() as fault:
        fault.setattr(os, "fdatasync", fail)
        with pytest.raises(OutcomeUnknownError):
            ledger.transact(1, CREDIT)


@pytest.fixture
def ledger(tmp_path: Path) -> SqliteLedger:
    """A ledger with acknowledged transactions in its WAL."""
    ledger = opened(tmp_path / "rinha.db")
    ledger.engine.execute("PRAGMA wal_autocheckpoint = 0")
    for _ in range(ACKNOWLEDGED):
        ledger.transact(1, CREDIT)
    return ledger


def test_a_wal_that_lost_what_was_written_is_refused(ledger: SqliteLedger) -> None:
    """A WAL with any changed byte is refused: no transaction succeeds, and no frame is copied into
    the file. With the right bytes it works again."""
    rng = Random(drawn_seed())
    file = ledger.engine.path
    wal = file.with_name("rinha.db-wal")
    fail_a_sync(ledger)
    checkpointer = Checkpointer(file)
    whole = wal.read_bytes()
    for _ in range(PLACES):
        place = rng.choice([rng.randrange(32), rng.randrange(len(whole))])
        changed = whole[place] ^ rng.randrange(1, 256)
        before = file.read_bytes()
        with wal.open("r+b") as lost:
            lost.seek(place)
            lost.write(bytes([changed]))
        with pytest.raises(StoreUnavailableError, match=r"rinha\.db-wal: frame \d+ of \d+ cannot"):
            ledger.transact(1, CREDIT)
        with pytest.raises(StoreUnavailableError):
            checkpointer._checkpoint()
        assert file.read_bytes() == before
        with wal.open("r+b") as found:
            found.write(whole)
    ledger.transact(1, CREDIT)
    checkpointer._checkpoint()
    checkpointer.close()
    assert ledger.extrato(1).saldo.total == ACKNOWLEDGED + 2
    assert ledger.audit().problems == []


def test_a_restart_after_a_loss_keeps_what_was_acknowledged(
    ledger: SqliteLedger, tmp_path: Path
) -> None:
    """A restart after a loss keeps the transactions before the lost frame, as the message says."""
    synced = (tmp_path / "rinha.db-wal").stat().st_size
    fail_a_sync(ledger)
    with (tmp_path / "rinha.db-wal").open("r+b") as lost:
        lost.truncate(synced)
    with pytest.raises(StoreUnavailableError, match="stop all instances and start them again"):
        ledger.transact(1, CREDIT)
    # The files that a kill leaves.
    copied = tmp_path / "copied"
    copied.mkdir()
    for name in ("rinha.db", "rinha.db-wal"):
        shutil.copyfile(tmp_path / name, copied / name)
    again = opened(copied / "rinha.db")
    assert again.extrato(1).saldo.total == ACKNOWLEDGED
    assert again.audit().problems == []
    again.transact(1, CREDIT)
    again.close()


@pytest.mark.parametrize("has_frames", [False, True])
def test_only_the_file_that_sqlite_has_open_is_synced(tmp_path: Path, has_frames: bool) -> None:
    """A file that replaced the WAL in the folder is not synced, and nothing is acknowledged."""
    opened(tmp_path / "rinha.db").close()
    ledger = opened(tmp_path / "rinha.db")
    if has_frames:
        apsw.Connection(str(tmp_path / "rinha.db")).execute("UPDATE clientes SET saldo = saldo")
    wal = tmp_path / "rinha.db-wal"
    wal.rename(tmp_path / "moved")
    shutil.copyfile(tmp_path / "moved", wal)
    with pytest.raises(StoreUnavailableError, match="moved away or replaced"):
        ledger.transact(1, CREDIT)
    assert ledger.extrato(1).saldo.total == 0
