"""The ledger: one SQLite file shared by several processes, and the only module with SQL.

Open one per process, after any fork, and never open the file past this SQLite in that process:
closing such a handle would drop the locks of all others. Imports errors, lock, messages and
settings.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import apsw

from rinha.errors import (
    LedgerUnavailableError,
    LedgerUnusableError,
    LimiteExceededError,
    RinhaError,
    UnknownClienteError,
)
from rinha.lock import WriteLock, lock_file_of
from rinha.messages import (
    Audit,
    ClienteAudit,
    Extrato,
    Resultado,
    Transacao,
    extrato_of,
)
from rinha.settings import (
    EXTRATO_ROWS,
    FILE_MOVED_CHECK_S,
    FOREIGN_LOCK_PAUSE_S,
    LOCK_TRIES_BEFORE_SLEEP,
    LOCK_TRIES_BEFORE_SLEEP_FULL,
    PAGE_SIZE_BYTES,
    START_LOCK_WAIT_S,
    VALOR_MAX,
)

SCHEMA = Path(__file__).with_name("schema.sql")
APPLICATION_ID = 0x72696E68  # "rinh"
SCHEMA_VERSION = 1

READ_SALDO = "SELECT limite, saldo, transacoes FROM clientes WHERE cliente = ?"
WRITE_SALDO = "UPDATE clientes SET saldo = ?, transacoes = ? WHERE cliente = ?"
ADD_TRANSACAO = "INSERT INTO transacoes VALUES (?, ?, ?, ?, ?, ?)"
# One statement is one snapshot: the balance and the rows belong to the same moment.
READ_EXTRATO = f"""
    SELECT c.limite, c.saldo, t.valor, t.tipo, t.descricao, t.realizada_em_us
    FROM clientes AS c LEFT JOIN transacoes AS t ON t.cliente = c.cliente
    WHERE c.cliente = ? ORDER BY t.sequencia DESC LIMIT {EXTRATO_ROWS}
"""  # noqa: S608 - the only thing put in is our own number
READ_AUDIT = """
    SELECT c.cliente, c.limite, c.saldo, c.transacoes,
           ifnull(sum(iif(l.tipo = 'c', l.valor, -l.valor)), 0), min(0, ifnull(min(l.saldo), 0))
    FROM clientes AS c LEFT JOIN livro AS l ON l.cliente = c.cliente
    GROUP BY c.cliente
"""


def can_corrupt_wal(version: tuple[int, ...]) -> bool:
    """SQLite 3.7.0 to 3.51.2 may corrupt a WAL database when two connections write and checkpoint
    at the same moment, which is what two instances do. 3.50.7 and 3.44.6 carry the mend."""
    mended = version[:2] == (3, 50) and version >= (3, 50, 7)
    mended |= version[:2] == (3, 44) and version >= (3, 44, 6)
    return (3, 7, 0) <= version < (3, 51, 3) and not mended


class Ledger:
    def __init__(
        self, file: Path, *, synchronous: str, lock_wait_s: float, create: bool = True
    ) -> None:
        self._file = file
        self._look_at_file_at = 0.0
        self._inode = (0, 0)
        self._foreign_deadline = 0.0
        version = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
        if can_corrupt_wal(version):
            raise LedgerUnusableError(
                f"SQLite {apsw.sqlite_lib_version()} can corrupt a ledger with two writers: "
                "install apsw 3.51.3 or newer from its wheel"
            )
        if not file.parent.is_dir():
            raise LedgerUnusableError(f"{file}: there is no directory {file.parent}, create it")
        if not create and not file.exists():
            raise LedgerUnusableError(f"{file}: there is no ledger here, `rinha init` makes one")
        if file.exists() and not file.is_file():
            raise LedgerUnusableError(f"{file}: not a regular file")
        try:
            is_full = synchronous == "FULL"
            tries = LOCK_TRIES_BEFORE_SLEEP_FULL if is_full else LOCK_TRIES_BEFORE_SLEEP
            self._lock = WriteLock(lock_file_of(file), START_LOCK_WAIT_S, tries)
            with self._lock:
                self._open(synchronous, create)
        except OSError as error:
            raise LedgerUnusableError(f"{error.filename}: {error.strerror}") from None
        except apsw.Error as error:
            raise LedgerUnusableError(f"{file}: {error}") from None
        self._lock.set_wait(lock_wait_s)
        self._write = _WriteTransaction(self)

    def _open(self, synchronous: str, create: bool) -> None:
        """Under the lock, or two instances that make the file at once get in each other's way."""
        self._connection = apsw.Connection(str(self._file))
        self._connection.set_busy_handler(self._keep_waiting)
        self._execute: Callable[..., apsw.Cursor] = self._connection.execute
        application, version, objects = self._execute(
            "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema)"
            " FROM pragma_application_id, pragma_user_version"
        ).get
        if application == APPLICATION_ID and version != SCHEMA_VERSION:
            raise LedgerUnusableError(
                f"{self._file}: a ledger of version {version}, this program knows {SCHEMA_VERSION}"
            )
        if application != APPLICATION_ID and (application or objects or not create):
            raise LedgerUnusableError(
                f"{self._file}: an SQLite database, but not a ledger; it was left as it is"
            )
        if self._connection.readonly("main"):
            raise LedgerUnusableError(f"{self._file}: this user may not write it")
        self._execute(f"PRAGMA page_size = {PAGE_SIZE_BYTES}")
        if self._execute("PRAGMA journal_mode = WAL").get != "wal":
            raise LedgerUnusableError(f"{self._file}: this file system has no write-ahead log")
        if not objects:
            self._execute(f"BEGIN IMMEDIATE; {SCHEMA.read_text()}; COMMIT")
        self._execute(f"PRAGMA synchronous = {synchronous}")
        status = self._file.stat()
        self._inode = (status.st_dev, status.st_ino)

    def after_commits(self, look: Callable[[apsw.Connection, str, int], int]) -> None:
        """Who is told how many pages the write-ahead log has; without anybody SQLite moves it."""
        self._connection.set_wal_hook(look)

    def close(self) -> None:
        self._connection.close()
        self._lock.close()

    def transact(self, cliente: int, transacao: Transacao) -> Resultado:
        change = transacao.valor if transacao.tipo == "c" else -transacao.valor
        with self._write:
            row = self._execute(READ_SALDO, (cliente,)).fetchone()
            if row is None:
                raise UnknownClienteError(f"there is no client {cliente}")
            limite, saldo, sequencia = row
            saldo += change
            # The balance rule.
            if saldo < -limite:
                raise LimiteExceededError(f"the debit would take the balance below -{limite}")
            if saldo > VALOR_MAX:
                raise LimiteExceededError(f"the credit would take the balance above {VALOR_MAX}")
            sequencia += 1
            self._execute(WRITE_SALDO, (saldo, sequencia, cliente))
            self._execute(
                ADD_TRANSACAO,
                (
                    cliente,
                    sequencia,
                    transacao.valor,
                    transacao.tipo,
                    transacao.descricao,
                    time.time_ns() // 1000,
                ),
            )
        return Resultado(limite, saldo)

    def extrato(self, cliente: int) -> Extrato:
        rows = self._read(READ_EXTRATO, (cliente,))
        if not rows:
            raise UnknownClienteError(f"there is no client {cliente}")
        return extrato_of(rows)

    def reset(self) -> None:
        with self._write:
            self._execute("DELETE FROM transacoes")
            self._execute("UPDATE clientes SET saldo = 0, transacoes = 0")

    def assert_readable(self) -> None:
        self._look_at_file_at = 0.0
        self._read("SELECT saldo FROM clientes LIMIT 1")

    def audit(self) -> Audit:
        """Everything in one read transaction, so it holds also under load."""
        shipped = apsw.Connection(":memory:")
        shipped.execute(SCHEMA.read_text())
        read_schema = "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
        try:
            self._execute("BEGIN")
            problems = [
                f"integrity: {found}"
                for (found,) in self._execute("PRAGMA integrity_check")
                if found != "ok"
            ]
            if set(shipped.execute(read_schema)) != set(self._execute(read_schema)):
                # Its views may say anything.
                return Audit([*problems, "schema: not the one that this program ships"], [])
            found = self._execute("SELECT cliente, problema, detalhe FROM inconsistencias")
            problems += [f"client {cliente}: {what} ({detail})" for cliente, what, detail in found]
            return Audit(problems, [ClienteAudit(*row) for row in self._execute(READ_AUDIT)])
        except apsw.Error as error:
            return Audit([f"the file cannot be read: {error}"], [])
        finally:
            self._rollback()

    def snapshot(self, target: Path) -> None:
        """A consistent copy that any sqlite3 can open; it appears whole or not at all."""
        if target.exists():
            raise LedgerUnusableError(f"{target}: there is a file already, it was left as it is")
        partial = target.with_name(f"{target.name}.{os.getpid()}.partial")
        partial.unlink(missing_ok=True)
        try:
            self._execute("VACUUM INTO ?", (str(partial),))
            partial.rename(target)
        except (apsw.Error, OSError) as error:
            partial.unlink(missing_ok=True)
            raise LedgerUnusableError(f"{target}: no snapshot: {error}") from None

    def _read(self, sql: str, bindings: tuple[int, ...] = ()) -> list[tuple[Any, ...]]:
        self._assert_in_place()
        try:
            return self._execute(sql, bindings).fetchall()
        except apsw.Error as error:
            raise self._trouble(error) from error

    def _assert_in_place(self) -> None:
        """Whatever is written to a file that was deleted would be acknowledged and lost."""
        now = time.monotonic()
        if now < self._look_at_file_at:
            return
        try:
            status = os.stat(self._file)  # noqa: PTH116 - a third of the price
        except OSError:
            status = None
        if status is None or (status.st_dev, status.st_ino) != self._inode:
            raise LedgerUnavailableError("the ledger's file was moved away or replaced")
        self._look_at_file_at = now + FILE_MOVED_CHECK_S

    def _keep_waiting(self, looks: int) -> bool:
        """For the file's own lock, which a shell may hold: the instances wait at the WriteLock."""
        now = time.monotonic()
        if looks == 0:
            self._foreign_deadline = now + self._lock.budget_s
        if now >= self._foreign_deadline:
            return False
        time.sleep(FOREIGN_LOCK_PAUSE_S)
        return True

    def _trouble(self, error: apsw.Error) -> RinhaError:
        if isinstance(error, apsw.BusyError):
            return self._lock.refused()
        return LedgerUnavailableError(
            f"the ledger cannot be used now ({error}), look at the statement before a retry"
        )

    def _rollback(self) -> None:
        if self._connection.in_transaction:
            self._execute("ROLLBACK")


class _WriteTransaction:
    """Lock, BEGIN IMMEDIATE, then COMMIT or, whatever went wrong, ROLLBACK and no trace."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def __enter__(self) -> None:
        ledger = self._ledger
        ledger._assert_in_place()
        ledger._lock.__enter__()
        try:
            ledger._execute("BEGIN IMMEDIATE")
        except apsw.Error as error:
            ledger._lock.__exit__(None, None, None)
            raise ledger._trouble(error) from error
        ledger._lock.granted()

    def __exit__(
        self,
        _type: type[BaseException] | None,
        failure: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        ledger = self._ledger
        try:
            if failure is None:
                ledger._execute("COMMIT")
        except apsw.Error as error:
            raise ledger._trouble(error) from error
        finally:
            try:
                ledger._rollback()
            finally:
                ledger._lock.__exit__(None, None, None)
        # A broken constraint is a mistake of ours, and goes on as it is.
        if isinstance(failure, apsw.Error) and not isinstance(failure, apsw.ConstraintError):
            raise ledger._trouble(failure) from failure
