"""A ledger's file that is full, gone or not lockable gives a refusal and recovers by itself."""

import errno
import fcntl
from pathlib import Path

import apsw
import pytest

from rinha.crebitos.messages import Transacao
from rinha.crebitos.on_sqlite import SqliteLedger
from rinha.errors import StoreUnavailableError


def credit(valor: int, descricao: str = "abc") -> Transacao:
    return Transacao(valor, "c", descricao)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO transacoes VALUES (1, 1, 1.5, 'c', 'abc', 0)",
        "INSERT INTO transacoes VALUES (1, 1, 1, 'c', x'61', 0)",
    ],
)
def test_the_file_knows_kinds(ledger: SqliteLedger, statement: str) -> None:
    """The file refuses a value of a wrong type, where a server rounds it or wants a cast."""
    with pytest.raises(apsw.ConstraintError):
        ledger.engine.connection.execute(statement)


def until_refused(ledger: SqliteLedger) -> int:
    for taken in range(10_000):
        try:
            ledger.transact(1, credit(1, "x" * 10))
        except StoreUnavailableError:
            return taken
    raise AssertionError("the disk never became full")


def test_a_full_disk_refuses_and_heals_by_itself(ledger: SqliteLedger, tmp_path: Path) -> None:
    """A full disk refuses writes and still serves statements; with space again, writes succeed."""
    pages = ledger.engine.connection.execute("PRAGMA page_count").get
    ledger.engine.connection.execute(f"PRAGMA max_page_count = {pages}")
    taken = until_refused(ledger)
    assert ledger.extrato(1).saldo.total == taken
    ledger.engine.connection.execute("PRAGMA max_page_count = 1000000")
    assert ledger.transact(1, credit(1)).saldo == taken + 1
    assert ledger.audit().problems == []


def test_a_file_that_was_taken_away_is_noticed(ledger: SqliteLedger, tmp_path: Path) -> None:
    """A moved file is an error until it is back: writes to a deleted file would be lost."""
    ledger.assert_readable()
    away = (tmp_path / "rinha.db").rename(tmp_path / "away.db")
    with pytest.raises(StoreUnavailableError):
        ledger.assert_readable()
    with pytest.raises(StoreUnavailableError):
        ledger.transact(1, credit(1))
    (tmp_path / "rinha.db").write_bytes(b"")
    with pytest.raises(StoreUnavailableError):
        ledger.extrato(1)
    away.rename(tmp_path / "rinha.db")
    assert ledger.transact(1, credit(1)).saldo == 1


def test_a_lock_that_cannot_be_taken_is_a_refusal_with_a_name(
    ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of flock ends the request with a refusal, and the next request works."""

    def fail(_file: int, _operation: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(fcntl, "flock", fail)
        with pytest.raises(StoreUnavailableError, match="Input/output"):
            ledger.transact(1, credit(1))
    assert ledger.transact(1, credit(1)).saldo == 1
