"""A program that knows only version 1 of the ledger, as f34db88 did: its locks and statements."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import apsw

from rinha.crebitos.messages import Transacao
from rinha.schema_versions import up_to
from rinha.sqlite.schema import READ_SCHEMA
from tests.help.ledgers import open_file, query
from tests.help.running import ROOT

# What a newer program writes beside it.
CREDIT = Transacao(1, "c", "new")
OLD_LEDGER = ROOT / "tests" / "service" / "ledgers" / "f34db88" / "crebitos.db"


class RefusedByOldError(Exception):
    """The program refuses to start, or to write."""


class OldProgram:
    """An instance, which opens the file at its start and writes under the lock."""

    def __init__(self, file: Path) -> None:
        self.use = _lock(file, ".users", fcntl.LOCK_SH)
        self._write_lock = os.open(f"{file}.lock", os.O_RDWR | os.O_CREAT, 0o644)
        self.connection = apsw.Connection(str(file))
        self.run = self.connection.execute
        if self.connection.pragma("user_version") != 1:
            self.close()
            raise RefusedByOldError("this program knows 1")
        self.run("PRAGMA journal_mode = WAL")

    def close(self) -> None:
        self.connection.close()
        os.close(self._write_lock)
        os.close(self.use)

    def credit(self, cliente: int) -> int:
        """Adds 1 to a balance, and returns it."""
        with self._writing():
            select = "SELECT limite, saldo, transacoes FROM clientes WHERE cliente = ?"
            _, saldo, sequencia = self.run(select, (cliente,)).get
            update = "UPDATE clientes SET saldo = ?, transacoes = ? WHERE cliente = ?"
            self.run(update, (saldo + 1, sequencia + 1, cliente))
            row = (cliente, sequencia + 1, 1, "c", "old", time.time_ns() // 1000)
            self.run("INSERT INTO transacoes VALUES (?, ?, ?, ?, ?, ?)", row)
        return int(saldo) + 1

    def reset(self) -> None:
        with self._writing():
            self.run("DELETE FROM transacoes")
            self.run("UPDATE clientes SET saldo = 0, transacoes = 0")

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        fcntl.flock(self._write_lock, fcntl.LOCK_EX)
        try:
            with self.connection:
                yield
        finally:
            fcntl.flock(self._write_lock, fcntl.LOCK_UN)

    def problems(self) -> Sequence[object]:
        """Audits the ledger: compares its schema, and reads the view of broken rules."""
        shipped = apsw.Connection(":memory:")
        shipped.execute(up_to(1, (ROOT / "schema.sql").read_text()))
        if set(shipped.execute(READ_SCHEMA)) != set(self.run(READ_SCHEMA)):
            return ["schema: not the one that this program ships"]
        return self.run("SELECT cliente, problema, detalhe FROM inconsistencias").fetchall()


def version_of(file: Path) -> int:
    return int(query(str(file), "PRAGMA user_version")[0][0])


def snapshots_of(file: Path) -> list[Path]:
    """Returns what upgrades wrote beside the ledger."""
    return sorted(file.parent.glob(f"{file.name}.version-*"))


def upgrade_by_a_start(file: Path) -> None:
    open_file(file).close()
    assert version_of(file) == 2


def assert_restore_of_old_is_refused(file: Path) -> None:
    """Fails unless a restore by the old program finds the ledger in use."""
    try:
        os.close(_lock(file, ".users", fcntl.LOCK_EX))
    except RefusedByOldError:
        return
    raise AssertionError(f"{file}: an older program could replace it")


def _lock(file: Path, ending: str, kind: int) -> int:
    fd = os.open(f"{file}{ending}", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise RefusedByOldError(f"{file}: in use") from None
    return fd
