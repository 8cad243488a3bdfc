"""A restore to a point in time has the keys of that time."""

import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rinha.crebitos.ledger import LimiteExceededError
from rinha.crebitos.messages import Transacao
from rinha.crebitos.on_sqlite import SqliteLedger
from rinha.crebitos.on_sqlite_restore import restore
from rinha.replica import litestream
from rinha.settings import load
from tests.help.ledgers import open_file, query

CREDIT = Transacao(1, "c", "abc")
TOO_MUCH = Transacao(200_000, "d", "abc")
MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime.fromtimestamp(0, UTC)


@pytest.fixture
def states(ledger: SqliteLedger, tmp_path: Path) -> list[Path]:
    """Snapshots before, between and after six requests with keys, of which two are refused."""
    made = []
    for number in range(7):
        made.append(tmp_path / f"state{number}.db")
        ledger.engine.snapshot(made[-1])
        if number % 3 == 2:
            with pytest.raises(LimiteExceededError):
                ledger.transact_once(1, TOO_MUCH, f"k{number}")
        else:
            ledger.transact_once(1, CREDIT, f"k{number}")
        time.sleep(0.001)
    return made


@pytest.mark.parametrize("earlier", range(4))
def test_a_point_in_time_has_its_keys(
    states: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, earlier: int
) -> None:
    """Whichever earlier state Litestream has, the keys are those of the requests up to the time."""
    latest = states[-1]
    times = [us for (us,) in query(str(latest), "SELECT criada_em_us FROM chaves ORDER BY numero")]

    def fetch(_replica: str, target: Path, at: datetime | None = None) -> None:
        shutil.copy(states[earlier] if at else latest, target)

    monkeypatch.setattr(litestream, "restore", fetch)
    for until in range(max(earlier, 1), len(times)):
        file = tmp_path / f"restored{until}.db"
        settings = load({"RINHA_LEDGER": str(file), "RINHA_REPLICA": "file:///x"})
        restore(settings, None, EPOCH + MICROSECOND * times[until - 1])
        keys = [key for (key,) in query(str(file), "SELECT chave FROM chaves ORDER BY numero")]
        assert keys == [f"k{number}" for number in range(until)]
        with_keys = open_file(file)
        assert with_keys.audit().problems == []
        before = with_keys.extrato(1).saldo.total
        assert with_keys.transact_once(1, CREDIT, "k0").saldo == 1
        assert with_keys.extrato(1).saldo.total == before
        with_keys.close()
