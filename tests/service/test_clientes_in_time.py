"""A restore to a point in time has the clients of that time."""

import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rinha.crebitos.clientes import NewCliente
from rinha.crebitos.messages import Transacao
from rinha.crebitos.on_sqlite import SqliteLedger
from rinha.crebitos.on_sqlite_restore import restore
from rinha.replica import litestream
from rinha.settings import load
from tests.help.ledgers import clientes_of, open_file

EPOCH = datetime.fromtimestamp(0, UTC)
STEPS = 8


@pytest.mark.parametrize("earlier", range(STEPS))
def test_a_point_in_time_has_its_clients(
    ledger: SqliteLedger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, earlier: int
) -> None:
    """Whichever earlier state Litestream has, clients, limits and balances are those of the time,
    also where a balance was below what a later limit allows."""
    clientes = clientes_of(ledger)
    steps: tuple[Callable[[], object], ...] = (
        lambda: clientes.add([NewCliente(6, 100, "Ana")]),
        lambda: ledger.transact(6, Transacao(90, "d", "abc")),
        lambda: ledger.transact_once(6, Transacao(90, "c", "abc"), "k"),
        lambda: clientes.change_limite(6, 10),
        lambda: ledger.transact(6, Transacao(10, "d", "abc")),
        lambda: ledger.transact(6, Transacao(10, "c", "abc")),
        lambda: clientes.close(6),
        lambda: clientes.add([NewCliente(7, 5)]),
    )
    assert len(steps) == STEPS
    states, times, seen = [], [], []
    for number, step in enumerate((lambda: None, *steps)):
        step()
        states.append(tmp_path / f"state{number}.db")
        ledger.engine.snapshot(states[-1])
        times.append(time.time_ns() // 1000)
        seen.append(clientes.after(0, 10))
        time.sleep(0.001)

    def fetch(_replica: str, target: Path, at: datetime | None = None) -> None:
        shutil.copy(states[earlier if at else -1], target)

    monkeypatch.setattr(litestream, "restore", fetch)
    for until in range(earlier, len(times)):
        file = tmp_path / f"restored{until}.db"
        settings = load({"RINHA_LEDGER": str(file), "RINHA_REPLICA": "file:///x"})
        restore(settings, None, EPOCH + timedelta(microseconds=times[until]))
        restored = open_file(file)
        assert restored.audit().problems == []
        assert clientes_of(restored).after(0, 10) == seen[until]
        restored.close()
