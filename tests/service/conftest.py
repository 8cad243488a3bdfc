"""Ledgers for the tests of the service."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from rinha.crebitos.on_sqlite import SqliteLedger
from tests.conftest import NewLedger
from tests.help.ledgers import AnyLedger, open_ledger


@pytest.fixture
def address(tmp_path: Path, new_ledger: NewLedger) -> str:
    """Address of a ledger that is not made yet, on each engine."""
    return new_ledger(tmp_path)


@pytest.fixture
def either_ledger(address: str) -> Iterator[AnyLedger]:
    """An empty ledger on each engine."""
    with contextlib.closing(open_ledger(address)) as opened:
        yield opened


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqliteLedger]:
    """An empty ledger in `rinha.db`."""
    file = tmp_path / "rinha.db"
    with contextlib.closing(SqliteLedger(file, synchronous="NORMAL", lock_wait_s=0.2)) as opened:
        yield opened
