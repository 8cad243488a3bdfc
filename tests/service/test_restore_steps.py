"""A restore to a point in time takes time by the number of rows."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import apsw
import pytest

from rinha.crebitos.on_sqlite import SqliteLedger
from rinha.crebitos.on_sqlite_restore import restore
from rinha.replica import litestream
from rinha.settings import load
from tests.help.ledgers import open_file, query

EPOCH = datetime.fromtimestamp(0, UTC)
# Steps of SQLite's virtual machine between two counts.
STEPS = 100


def steps_of_restore(folder: Path, rows: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """Returns the steps of a restore to the middle of a history of so many transactions and added
    clients, which begins after Litestream's earlier state."""
    folder.mkdir()
    earlier, latest, file = (folder / name for name in ("earlier.db", "latest.db", "rinha.db"))
    open_file(earlier).close()
    fill(open_file(latest), rows)
    counted = 0

    def fetch(_replica: str, target: Path, at: datetime | None = None) -> None:
        shutil.copy(earlier if at else latest, target)

    def count() -> bool:
        nonlocal counted
        counted += 1
        return False

    def count_on(connection: apsw.Connection) -> None:
        connection.set_progress_handler(count, STEPS)

    with monkeypatch.context() as patched:
        patched.setattr(litestream, "restore", fetch)
        patched.setattr(apsw, "connection_hooks", [count_on])
        settings = load({"RINHA_LEDGER": str(file), "RINHA_REPLICA": "file:///x"})
        restore(settings, None, EPOCH + timedelta(microseconds=rows // 2))
    assert query(str(file), "SELECT count(*) FROM transacoes") == [(rows // 2,)]
    assert query(str(file), "SELECT count(*) FROM clientes") == [(5 + rows // 2,)]
    return counted


def fill(ledger: SqliteLedger, rows: int) -> None:
    """Adds transactions of client 1 and as many clients, a microsecond between two of each."""
    connection, times = ledger.engine.connection, range(1, rows + 1)
    connection.execute("BEGIN")
    connection.executemany(
        "INSERT INTO transacoes VALUES (1, ?1, 1, 'c', 'abc', ?1)", ((us,) for us in times)
    )
    connection.execute("UPDATE clientes SET saldo = ?1, transacoes = ?1 WHERE cliente = 1", (rows,))
    connection.executemany(
        "INSERT INTO clientes (cliente, limite) VALUES (?, 7)", ((us + 5,) for us in times)
    )
    connection.executemany(
        "INSERT INTO alteracoes VALUES (?, 1, 'add', 7, 7, 0, ?)", ((us + 5, us) for us in times)
    )
    connection.execute("COMMIT")
    ledger.close()


def test_a_point_in_time_takes_steps_by_its_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight times the transactions and clients take some eight times the steps, not sixty-four."""
    few = steps_of_restore(tmp_path / "few", 200, monkeypatch)
    assert steps_of_restore(tmp_path / "many", 1600, monkeypatch) < 12 * few
