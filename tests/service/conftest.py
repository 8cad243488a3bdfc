"""Ledgers for the tests of the service."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from rinha.crebitos.on_sqlite import SqliteLedger
from rinha.sqlite import group
from tests.conftest import NewLedger
from tests.help.ledgers import AnyLedger, open_ledger
from tests.help.one_by_one import Service, Syncs


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


@pytest.fixture(params=["NORMAL", "FULL"])
def service(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Service]:
    """A service whose requests share one commit, however slow the machine is."""
    monkeypatch.setattr(group, "GROUP_ALONE_S", float("inf"))
    monkeypatch.setattr(group, "GROUP_S_MAX", float("inf"))
    ledger = SqliteLedger(tmp_path / "rinha.db", synchronous=request.param, lock_wait_s=0.2)
    with ledger.engine.serving():
        yield Service(ledger)
    ledger.close()


@pytest.fixture
def syncs(service: Service, monkeypatch: pytest.MonkeyPatch) -> Syncs:
    """Counts from the second transaction on: the first one also syncs the WAL it finds."""
    service.answer("/reset")
    return Syncs(monkeypatch)
