"""A ledger on either engine keeps the balance rule and its order; a refusal changes nothing."""

import time

import apsw
import psycopg
import pytest

from rinha.crebitos.ledger import LimiteExceededError, UnknownClienteError
from rinha.crebitos.limits import VALOR_MAX
from rinha.crebitos.messages import Resultado, Transacao
from tests.help.ledgers import AnyLedger, open_ledger, query


@pytest.fixture
def ledger(either_ledger: AnyLedger) -> AnyLedger:
    return either_ledger


def credit(valor: int, descricao: str = "abc") -> Transacao:
    return Transacao(valor, "c", descricao)


def debit(valor: int) -> Transacao:
    return Transacao(valor, "d", "abc")


def test_a_new_ledger_has_the_five_clients_of_the_contest(ledger: AnyLedger) -> None:
    """A new ledger has clients 1 to 5 with their limits and empty accounts, and no client 6."""
    limites = {1: 100000, 2: 80000, 3: 1000000, 4: 10000000, 5: 500000}
    for cliente, limite in limites.items():
        extrato = ledger.extrato(cliente)
        assert (extrato.saldo.limite, extrato.saldo.total) == (limite, 0)
        assert extrato.ultimas_transacoes == []
    with pytest.raises(UnknownClienteError):
        ledger.extrato(6)


def test_credits_add_and_debits_take(ledger: AnyLedger) -> None:
    """An answer is the balance after its own transaction."""
    assert ledger.transact(1, credit(10)) == Resultado(100000, 10)
    assert ledger.transact(1, debit(25)) == Resultado(100000, -15)
    assert ledger.extrato(1).saldo.total == -15


def test_a_debit_may_use_the_whole_limit_and_not_a_cent_more(ledger: AnyLedger) -> None:
    """A debit to exactly -limite is accepted; a cent more is refused and leaves no trace."""
    assert ledger.transact(2, debit(80000)).saldo == -80000
    before = ledger.extrato(2).ultimas_transacoes
    with pytest.raises(LimiteExceededError):
        ledger.transact(2, debit(1))
    after = ledger.extrato(2)
    assert (after.saldo.total, after.ultimas_transacoes) == (-80000, before)


def test_a_balance_never_leaves_what_every_client_reads_exactly(ledger: AnyLedger) -> None:
    """A credit beyond the cap is refused, not rounded and not an overflow."""
    assert ledger.transact(1, credit(VALOR_MAX)).saldo == VALOR_MAX
    with pytest.raises(LimiteExceededError):
        ledger.transact(1, credit(1))
    assert ledger.extrato(1).saldo.total == VALOR_MAX


def test_an_unknown_client_is_refused(ledger: AnyLedger) -> None:
    """A transaction of an unknown client is refused and opens no account."""
    for cliente in (0, 6, 10**17):
        with pytest.raises(UnknownClienteError):
            ledger.transact(cliente, credit(1))


def test_a_statement_shows_the_ten_newest_newest_first(ledger: AnyLedger) -> None:
    """A statement has at most ten rows of its own client, newest commit first."""
    for valor in range(1, 13):
        ledger.transact(1, credit(valor, f"n{valor}"))
        ledger.transact(2, credit(1000))
    ultimas = ledger.extrato(1).ultimas_transacoes
    assert [row.valor for row in ultimas] == list(range(12, 2, -1))
    assert ultimas[0].descricao == "n12"
    assert ultimas[0].tipo == "c"


def test_the_order_is_that_of_the_commits_when_the_clock_steps_back(
    ledger: AnyLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock that is an hour slow changes the shown time, never the order."""
    ledger.transact(1, credit(1))
    past_ns = time.time_ns() - 3_600_000_000_000
    monkeypatch.setattr(time, "time_ns", lambda: past_ns)
    ledger.transact(1, credit(2))
    ultimas = ledger.extrato(1).ultimas_transacoes
    assert [row.valor for row in ultimas] == [2, 1]
    assert ultimas[0].realizada_em < ultimas[1].realizada_em


@pytest.mark.parametrize("descricao", ["\x00", "a\x00b", "\x00" * 10, "😀" * 10, "'\"\\\n\u202e"])
def test_any_ten_characters_come_back_as_they_were(ledger: AnyLedger, descricao: str) -> None:
    """A description of any ten characters is returned as it was sent."""
    ledger.transact(1, credit(1, descricao))
    assert ledger.extrato(1).ultimas_transacoes[0].descricao == descricao
    assert ledger.audit().problems == []


def test_reset_empties_everything(ledger: AnyLedger) -> None:
    """A reset leaves the ledger as it was when it was made."""
    ledger.transact(1, credit(10))
    ledger.transact(2, debit(10))
    ledger.reset()
    assert all(ledger.extrato(cliente).saldo.total == 0 for cliente in range(1, 6))
    assert all(ledger.extrato(cliente).ultimas_transacoes == [] for cliente in range(1, 6))
    assert ledger.transact(1, credit(3)) == Resultado(100000, 3)
    assert ledger.audit().problems == []


def test_a_restart_keeps_every_balance(address: str) -> None:
    """Opening a ledger again, by one instance or by two, changes nothing."""
    first = open_ledger(address)
    first.transact(3, debit(7))
    second = open_ledger(address)
    assert second.extrato(3).saldo.total == -7
    first.close()
    second.close()
    third = open_ledger(address)
    assert third.extrato(3).saldo.total == -7
    assert len(third.extrato(3).ultimas_transacoes) == 1
    third.close()


GOOD_ROW = "INSERT INTO transacoes VALUES (1, 1, 1, 'c', 'abc', 0)"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE clientes SET saldo = -limite - 1 WHERE cliente = 1",
        "UPDATE clientes SET saldo = 9007199254740992 WHERE cliente = 1",
        "UPDATE clientes SET limite = -1 WHERE cliente = 1",
        "UPDATE clientes SET transacoes = -1 WHERE cliente = 1",
        "UPDATE clientes SET saldo = 'x' WHERE cliente = 1",
        "INSERT INTO clientes (cliente, limite) VALUES (0, 1)",
        GOOD_ROW.replace("1, 1, 1", "1, 0, 1"),
        GOOD_ROW.replace("1, 1, 1", "1, 1, 0"),
        GOOD_ROW.replace("1, 1, 1", "1, 1, 9007199254740992"),
        GOOD_ROW.replace("'c'", "'x'"),
        GOOD_ROW.replace("'c'", "NULL"),
        GOOD_ROW.replace("'abc'", "''"),
        GOOD_ROW.replace("'abc'", "'01234567890'"),
        GOOD_ROW.replace("'abc'", "NULL"),
        GOOD_ROW.replace(", 0)", ", NULL)"),
        f"{GOOD_ROW}; {GOOD_ROW}",
    ],
)
def test_the_schema_says_every_rule_a_second_time(
    ledger: AnyLedger, address: str, statement: str
) -> None:
    """The constraints of the tables refuse wrong rows that are written past the service."""
    with pytest.raises((apsw.ConstraintError, psycopg.DataError, psycopg.IntegrityError)):
        query(address, statement)
