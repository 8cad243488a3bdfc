"""Ledgers on both engines: opens one by its address, and runs SQL on it beside the service."""

import contextlib
from pathlib import Path
from typing import Any

import apsw

from rinha.address import ledger_of
from rinha.crebitos.clientes import Clientes
from rinha.crebitos.on_postgres import PostgresLedger
from rinha.crebitos.on_postgres_clientes import PostgresClientes
from rinha.crebitos.on_sqlite import SqliteLedger
from rinha.crebitos.on_sqlite_clientes import SqliteClientes
from tests.help import postgres

ENGINES = ("sqlite", "postgres")
AnyLedger = SqliteLedger | PostgresLedger


def open_ledger(address: str) -> AnyLedger:
    where = ledger_of(address)
    if isinstance(where, Path):
        return open_file(where)
    return PostgresLedger(where)


def open_file(
    file: Path, synchronous: str = "NORMAL", lock_wait_s: float = 0.2, *, create: bool = True
) -> SqliteLedger:
    """Opens a ledger, and upgrades it as `rinha init` does unless `create` is false."""
    ledger = SqliteLedger(file, synchronous=synchronous, lock_wait_s=lock_wait_s, create=create)
    if create:
        ledger.engine.upgrade()
    return ledger


def clientes_of(ledger: AnyLedger) -> Clientes:
    if isinstance(ledger, SqliteLedger):
        return SqliteClientes(ledger)
    return PostgresClientes(ledger)


def saldo_in(file: Path) -> int:
    """Returns the balance of client 1 as a start finds it."""
    with contextlib.closing(open_file(file, create=False)) as ledger:
        return ledger.extrato(1).saldo.total


def query(address: str, sql: str) -> list[tuple[Any, ...]]:
    """Runs SQL on another connection than the service's, as an operator would."""
    where = ledger_of(address)
    if not isinstance(where, Path):
        return postgres.query(where, sql)
    connection = apsw.Connection(str(where))
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()
