"""Ledgers on both engines: opens one by its address, and runs SQL on it beside the service."""

from pathlib import Path
from typing import Any

import apsw

from rinha.address import ledger_of
from rinha.crebitos.on_postgres import PostgresLedger
from rinha.crebitos.on_sqlite import SqliteLedger
from tests.help import postgres

ENGINES = ("sqlite", "postgres")
AnyLedger = SqliteLedger | PostgresLedger


def open_ledger(address: str) -> AnyLedger:
    where = ledger_of(address)
    if isinstance(where, Path):
        return SqliteLedger(where, synchronous="NORMAL", lock_wait_s=0.2)
    return PostgresLedger(where)


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
