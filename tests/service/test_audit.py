"""The audit and the views find every inconsistency, and a snapshot is a whole ledger."""

import contextlib
import sqlite3
import tracemalloc
from pathlib import Path

import apsw
import pytest

from rinha.crebitos.clientes import NewCliente
from rinha.crebitos.messages import Transacao
from rinha.crebitos.on_sqlite import REMOVE_EXPIRED, SqliteLedger
from rinha.crebitos.on_sqlite_restore import restore
from rinha.errors import SnapshotError, StoreUnavailableError
from rinha.settings import load
from tests.help.ledgers import AnyLedger, clientes_of, open_file, query


@pytest.fixture
def either_ledger(either_ledger: AnyLedger) -> AnyLedger:
    return filled(either_ledger)


@pytest.fixture
def ledger(ledger: SqliteLedger) -> AnyLedger:
    return filled(ledger)


def filled(opened: AnyLedger) -> AnyLedger:
    for valor in (5, 10, 20):
        opened.transact(1, Transacao(valor, "d", "abc"))
    return opened


def test_the_audit_of_a_sound_ledger_finds_nothing(either_ledger: AnyLedger) -> None:
    """The audit lists balance, sum of rows, lowest balance and number of rows of each client."""
    audit = either_ledger.audit()
    assert audit.problems == []
    assert audit.clientes[0] == (1, 100000, -35, 3, -35, -35)
    assert audit.clientes[1] == (2, 80000, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("harm", "complaint"),
    [
        ("UPDATE clientes SET saldo = saldo + 1 WHERE cliente = 1", "not the sum"),
        ("DELETE FROM transacoes WHERE sequencia = 2", "gap"),
        ("DELETE FROM transacoes WHERE sequencia = 3", "gap"),
        ("UPDATE transacoes SET sequencia = 4 WHERE sequencia = 3", "gap"),
        ("UPDATE clientes SET transacoes = 2 WHERE cliente = 1", "gap"),
        ("UPDATE clientes SET limite = 20, saldo = 0 WHERE cliente = 1", "history passes"),
        ("DROP VIEW inconsistencias; CREATE VIEW inconsistencias AS SELECT 1 AS a", "schema"),
    ],
)
def test_the_audit_names_what_is_wrong(
    either_ledger: AnyLedger, address: str, harm: str, complaint: str
) -> None:
    """The audit names each broken rule."""
    query(address, harm)
    assert any(complaint in problem for problem in either_ledger.audit().problems)


@pytest.mark.parametrize(
    ("harm", "complaint"),
    [
        ("INSERT INTO transacoes VALUES (9, 1, 1, 'c', 'abc', 0)", "without a client"),
        (
            "PRAGMA ignore_check_constraints = ON;"
            "UPDATE clientes SET saldo = -100001 WHERE cliente = 1",
            "beyond its bounds",
        ),
        (
            "PRAGMA ignore_check_constraints = ON;"
            "UPDATE transacoes SET valor = -5 WHERE sequencia = 1",
            "integrity",
        ),
        ("CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq TEXT)", "schema"),
        ("CREATE TABLE _litestream_more (id INTEGER)", "schema"),
    ],
)
def test_the_audit_names_what_a_file_does_not_stop(
    ledger: AnyLedger, tmp_path: Path, harm: str, complaint: str
) -> None:
    """The audit finds broken rules that the owner of an SQLite file can switch off."""
    query(str(tmp_path / "rinha.db"), harm)
    assert any(complaint in problem for problem in ledger.audit().problems)


# The tables that Litestream 0.5 makes.
LITESTREAM = """
    CREATE TABLE IF NOT EXISTS _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER);
    CREATE TABLE IF NOT EXISTS _litestream_lock (id INTEGER);
    INSERT INTO _litestream_seq VALUES (1, 1);
"""


def test_litestreams_tables_are_known_and_not_handed_on(ledger: AnyLedger, tmp_path: Path) -> None:
    """Litestream's tables are no problem for the audit and no part of a snapshot."""
    query(str(tmp_path / "rinha.db"), LITESTREAM)
    assert ledger.audit().problems == []
    ledger.engine.snapshot(tmp_path / "copy.db")
    copy = sqlite3.connect(tmp_path / "copy.db")
    names = copy.execute("SELECT name FROM sqlite_schema WHERE name LIKE '%litestream%'").fetchall()
    assert names == []
    copy.close()


def test_the_audit_of_a_damaged_file_says_so(tmp_path: Path) -> None:
    """The audit reports damaged bytes as problems, without a traceback."""
    file = tmp_path / "rinha.db"
    ledger = SqliteLedger(file, synchronous="NORMAL", lock_wait_s=1)
    for _ in range(500):
        ledger.transact(1, Transacao(1, "c", "x" * 10))
    ledger.close()
    content = bytearray(file.read_bytes())
    content[-2048:] = b"\xff" * 2048
    file.write_bytes(content)
    damaged = SqliteLedger(file, synchronous="NORMAL", lock_wait_s=1)
    assert damaged.audit().problems
    damaged.close()


@pytest.mark.parametrize(
    ("error", "remedy"), [(apsw.BusyError, "try again"), (apsw.FullError, "in SQLITE_TMPDIR")]
)
def test_an_audit_that_cannot_end_is_no_broken_rule(
    ledger: AnyLedger, monkeypatch: pytest.MonkeyPatch, error: type[apsw.Error], remedy: str
) -> None:
    """A foreign lock, or no room for SQLite's temporary files, is an error without a verdict."""

    def fail() -> list[str]:
        raise error("as SQLite says")

    monkeypatch.setattr(ledger.engine, "problems", fail)
    with pytest.raises(StoreUnavailableError, match=f"as SQLite says.*{remedy}"):
        ledger.audit()


def test_a_snapshot_opens_with_any_sqlite(ledger: AnyLedger, tmp_path: Path) -> None:
    """A snapshot is whole and readable by the system's own SQLite, with its views."""
    ledger.engine.snapshot(tmp_path / "copy.db")
    copy = sqlite3.connect(tmp_path / "copy.db")
    assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert copy.execute("SELECT saldo, disponivel FROM saldos").fetchone() == (-35, 99965)
    livro = copy.execute("SELECT sequencia, tipo, valor, saldo FROM livro").fetchall()
    assert livro == [(1, "d", 5, -5), (2, "d", 10, -15), (3, "d", 20, -35)]
    assert copy.execute("SELECT * FROM inconsistencias").fetchall() == []
    (when,) = copy.execute("SELECT ultima_em FROM saldos").fetchone()
    assert when == ledger.extrato(1).ultimas_transacoes[0].realizada_em
    copy.close()


def test_a_snapshot_can_be_a_ledger_again(ledger: AnyLedger, tmp_path: Path) -> None:
    """A snapshot opens as a ledger and accepts transactions."""
    ledger.engine.snapshot(tmp_path / "copy.db")
    restored = SqliteLedger(tmp_path / "copy.db", synchronous="NORMAL", lock_wait_s=1, create=False)
    assert restored.transact(1, Transacao(35, "c", "abc")).saldo == 0
    assert restored.audit().problems == []
    restored.close()


def test_a_snapshot_never_overwrites(ledger: AnyLedger, tmp_path: Path) -> None:
    """A snapshot onto an existing file is refused and leaves that file unchanged."""
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(SnapshotError, match="already"):
        ledger.engine.snapshot(tmp_path / "mine")
    assert (tmp_path / "mine").read_text() == "mine"
    with pytest.raises(SnapshotError, match="no snapshot"):
        ledger.engine.snapshot(tmp_path / "missing" / "copy.db")


def test_an_audit_of_many_clients_takes_little_memory(ledger: SqliteLedger) -> None:
    """The audit holds the clients that it shows, not all: an instance's container has 120 MB."""
    clientes_of(ledger).add([NewCliente(cliente, 7) for cliente in range(6, 20_006)])
    tracemalloc.start()
    try:
        audit = ledger.audit()
        _, most_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (audit.problems, audit.total, audit.transacoes) == ([], 20_005, 3)
    assert most_bytes < 1_000_000


def test_statistics_do_no_harm(ledger: SqliteLedger, tmp_path: Path) -> None:
    """Statistics are no problem of a ledger, not even in a restore, and a start drops them. With
    those of three keys each search for expired keys would read all that come later."""
    for number in range(3):
        ledger.transact_once(1, Transacao(5, "d", "abc"), f"k{number}")
    file, restored = ledger.engine.path, tmp_path / "restored.db"
    plan = f"EXPLAIN QUERY PLAN {REMOVE_EXPIRED.replace('?', '0')}"
    query(str(file), "ANALYZE")
    assert ledger.audit().problems == []
    restore(load({"RINHA_LEDGER": str(restored)}), file, None)
    for each in (file, restored):
        with contextlib.closing(open_file(each)) as opened:
            found = opened.engine.execute(plan).fetchall()[0][3]
        assert str(found).startswith("SEARCH chaves")
        assert query(str(each), "SELECT 1 FROM sqlite_schema WHERE name LIKE 'sqlite_stat%'") == []
