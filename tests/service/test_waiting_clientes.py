"""Requests on PostgreSQL that wait while another session changes their client."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import NamedTuple

import psycopg
import pytest

from rinha.address import ServerUrl
from rinha.crebitos.clientes import Changed
from rinha.crebitos.ledger import ClienteClosedError, LimiteExceededError
from rinha.crebitos.messages import Resultado, Transacao
from rinha.crebitos.on_postgres import PostgresLedger
from rinha.errors import RinhaError
from rinha.postgres import primary, proof
from tests.help.ledgers import clientes_of
from tests.help.postgres import Server

# Longer than a busy machine stops a test.
WAIT_MS = 60_000
DEBIT, CREDIT = Transacao(90, "d", "abc"), Transacao(90, "c", "abc")
# Statements of `rinha cliente` and of another instance.
CLOSE = """
    UPDATE clientes SET fechado = 1 WHERE cliente = 6;
    INSERT INTO alteracoes VALUES (6, 2, 'close', 100, 100, 0, 1)
"""
LOWER = """
    UPDATE clientes SET limite = 50 WHERE cliente = 6;
    INSERT INTO alteracoes VALUES (6, 2, 'limit', 100, 50, 0, 1)
"""
RAISE = """
    UPDATE clientes SET limite = 500 WHERE cliente = 6;
    INSERT INTO alteracoes VALUES (6, 2, 'limit', 100, 500, 1, 1)
"""
DEBIT_90 = """
    UPDATE clientes SET saldo = saldo - 90, transacoes = transacoes + 1 WHERE cliente = 6;
    INSERT INTO transacoes SELECT 6, transacoes, 90, 'd', 'abc', 1 FROM clientes WHERE cliente = 6
"""
DEBIT_90_ONCE = f"""
    {DEBIT_90};
    INSERT INTO chaves VALUES ('k', 6, '90dabc', 1, '', 100, -90, 1)
"""  # noqa: S608 - only our own constant is put in
CREDIT_90 = DEBIT_90.replace("- 90", "+ 90").replace("'d'", "'c'")
WAITS = (
    "SELECT count(*) = 1 FROM pg_stat_activity WHERE datname = '{}' AND wait_event_type = 'Lock'"
)


class Waiting(NamedTuple):
    """A ledger with client 6, whose limit is 100, and another session on its database."""

    server: Server
    name: str
    ledger: PostgresLedger
    other: psycopg.Connection

    def meanwhile(self, sql: str, ask: Callable[[], object]) -> object:
        """Returns the answer to a request that waits while the other session runs these statements,
        until they are committed."""
        answers: list[object] = []

        def wait() -> None:
            try:
                answers.append(ask())
            except RinhaError as error:
                answers.append((type(error), str(error)))

        thread = threading.Thread(target=wait)
        with self.other.transaction():
            self.other.execute(sql.encode())
            thread.start()
            self.server.wait_for(WAITS.format(self.name))
        thread.join()
        assert self.ledger.audit().problems == []
        return answers[0]


@pytest.fixture
def waiting(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Waiting]:
    patient = proof.SET_UP.replace("lock_timeout TO 1000", f"lock_timeout TO {WAIT_MS}")
    assert patient != proof.SET_UP
    monkeypatch.setattr(proof, "SET_UP", patient)
    monkeypatch.setattr(primary, "ANSWER_MAX_S", WAIT_MS / 1000)
    name = server.new_name()
    address = server.address(name)
    with (
        closing(PostgresLedger(ServerUrl(address))) as ledger,
        psycopg.connect(address, autocommit=True) as other,
    ):
        assert clientes_of(ledger).add_next(100, "Ana") == 6
        yield Waiting(server, name, ledger, other)


@pytest.fixture(params=["without a key", "with a key"])
def transact(request: pytest.FixtureRequest, waiting: Waiting) -> Callable[[Transacao], object]:
    """Both ways to a transaction of client 6."""
    if request.param == "with a key":
        return lambda transacao: waiting.ledger.transact_once(6, transacao, "k")
    return lambda transacao: waiting.ledger.transact(6, transacao)


@pytest.mark.parametrize("transacao", [DEBIT, CREDIT], ids=["debit", "credit"])
def test_the_reason_is_the_close(
    waiting: Waiting, transact: Callable[[Transacao], object], transacao: Transacao
) -> None:
    """A transaction that waits while its client is closed is refused for that, and its key stays
    free."""
    closed = (ClienteClosedError, "client 6 is closed")
    assert waiting.meanwhile(CLOSE, lambda: transact(transacao)) == closed
    assert waiting.other.execute("SELECT FROM chaves").fetchall() == []


@pytest.mark.parametrize(("sql", "limite"), [(LOWER, 50), (DEBIT_90, 100)])
def test_the_reason_is_the_limit_after_the_wait(
    waiting: Waiting, transact: Callable[[Transacao], object], sql: str, limite: int
) -> None:
    """A debit that fits no more after its wait is refused with the limit of then."""
    below = (LimiteExceededError, f"the debit would take the balance below -{limite}")
    assert waiting.meanwhile(sql, lambda: transact(DEBIT)) == below


def test_a_transaction_is_added_to_what_it_waited_for(
    waiting: Waiting, transact: Callable[[Transacao], object]
) -> None:
    """A transaction that fits after its wait has the balance and the limit of then."""
    assert waiting.meanwhile(LOWER, lambda: transact(CREDIT)) == Resultado(50, 90)
    assert waiting.ledger.extrato(6).saldo.total == 90


@pytest.mark.parametrize("sql", [CREDIT_90, RAISE])
def test_a_debit_with_a_key_may_fit_after_the_wait(waiting: Waiting, sql: str) -> None:
    """A debit with a key waits for the row, and is carried out if it fits then."""
    waiting.other.execute(DEBIT_90.encode())
    done = waiting.meanwhile(sql, lambda: waiting.ledger.transact_once(6, DEBIT, "k"))
    extrato = waiting.ledger.extrato(6).saldo
    assert done == Resultado(extrato.limite, extrato.total)
    assert len(waiting.ledger.extrato(6).ultimas_transacoes) == (3 if sql == CREDIT_90 else 2)


def test_a_key_that_comes_during_the_wait_is_known(waiting: Waiting) -> None:
    """A request that waits for the first one with its key gets that one's answer."""
    once = waiting.meanwhile(DEBIT_90_ONCE, lambda: waiting.ledger.transact_once(6, DEBIT, "k"))
    assert once == Resultado(100, -90)
    assert waiting.ledger.extrato(6).saldo.total == -90


def test_a_change_sees_what_it_waited_for(waiting: Waiting) -> None:
    """A client that pays while its change waits owes nothing any more, and the other way round."""
    clientes = clientes_of(waiting.ledger)
    waiting.other.execute(DEBIT_90.encode())
    paid = waiting.meanwhile(CREDIT_90, lambda: clientes.change_limite(6, 50))
    assert paid == Changed(100, 0, False, True)
    waiting.other.execute(DEBIT_90.replace("90", "50").encode())
    owes = waiting.meanwhile(CREDIT_90, lambda: clientes.close(6))
    assert owes == Changed(50, 40, False, True)


def test_a_change_is_refused_for_what_it_waited_for(waiting: Waiting) -> None:
    """A client that owes after the wait of its change keeps its limit."""
    clientes = clientes_of(waiting.ledger)
    owes = waiting.meanwhile(DEBIT_90, lambda: clientes.change_limite(6, 50))
    assert owes == Changed(100, -90, False, False)
