"""Answers of an instance whose server hangs, dies or was replaced."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from rinha.crebitos.ledger import LimiteExceededError, UnknownClienteError
from rinha.crebitos.limits import VALOR_MAX
from rinha.crebitos.messages import Transacao
from rinha.crebitos.on_postgres import PostgresLedger
from rinha.errors import OutcomeUnknownError, StoreUnavailableError
from rinha.postgres.limits import ANSWER_MAX_S
from tests.help.postgres_pair import WAITS, Pair, eventually, take_over

CREDIT, DEBIT = Transacao(100, "c", "abc"), Transacao(100, "d", "abc")
MARGIN_S = 1.0


def in_time(act: Callable[[], object]) -> None:
    started = time.monotonic()
    with pytest.raises(StoreUnavailableError):
        act()
    assert time.monotonic() - started < ANSWER_MAX_S + MARGIN_S


@pytest.mark.parametrize("first", ["statement", "refusal", "known key", "transaction"])
def test_a_primary_that_was_frozen_and_replaced_answers_nothing(pair: Pair, first: str) -> None:
    """A replaced primary that wakes believes that it is the primary. Its old data is never
    returned, whatever request comes first on the open connection."""
    pair.ledger.transact_once(1, CREDIT, "k")
    pair.primary.freeze()
    take_over(pair)
    promoted = pair.on_the_new()
    promoted.transact(1, DEBIT)
    pair.primary.thaw()
    if first == "statement":
        in_time(lambda: pair.ledger.extrato(1))
    elif first == "refusal":
        # With the old balance this is refused, with the current one it is not.
        promoted.transact(2, Transacao(50_000, "c", "abc"))
        in_time(lambda: pair.ledger.transact(2, Transacao(100_000, "d", "abc")))
    elif first == "known key":
        in_time(lambda: pair.ledger.transact_once(1, CREDIT, "k"))
    else:
        in_time(lambda: pair.ledger.transact(1, CREDIT))
    extrato = eventually(lambda: pair.ledger.extrato(1))
    assert extrato.saldo.total == 0
    assert pair.ledger.engine.info["primary"] == f"{pair.standby.data}:{pair.standby.port}"
    assert pair.ledger.audit() == promoted.audit()
    promoted.close()


def test_a_start_takes_the_primary_that_others_follow(pair: Pair) -> None:
    """An instance starts with the one of two servers whose commits are confirmed."""
    pair.ledger.transact(1, CREDIT)
    pair.primary.freeze()
    take_over(pair)
    pair.primary.thaw()
    for _ in range(5):
        ledger = PostgresLedger(pair.address)
        assert ledger.engine.info["primary"] == f"{pair.standby.data}:{pair.standby.port}"
        assert ledger.transact(1, CREDIT).saldo > 0
        ledger.close()


def test_a_hanging_server_holds_nothing_up_for_long(pair: Pair) -> None:
    """While a server hangs one request waits for bounded time, and later ones fail at once. After
    the thaw requests succeed."""
    pair.primary.freeze()
    in_time(pair.ledger.assert_readable)
    started = time.monotonic()
    for act in (lambda: pair.ledger.transact(1, CREDIT), pair.ledger.assert_readable) * 10:
        with pytest.raises(StoreUnavailableError, match="nothing was written"):
            act()
    assert time.monotonic() - started < 1
    pair.primary.thaw()
    eventually(lambda: pair.ledger.transact(1, CREDIT))
    assert pair.ledger.extrato(1).saldo.total == 100


def test_a_lost_standby_stops_transactions_and_none_is_acknowledged(pair: Pair) -> None:
    """A transaction that only one server has is not acknowledged."""
    pair.standby.freeze()
    with pytest.raises(OutcomeUnknownError, match="before you send it again"):
        pair.ledger.transact(1, CREDIT)
    with pytest.raises(StoreUnavailableError, match="nothing was written"):
        pair.ledger.transact(1, CREDIT)
    pair.standby.thaw()
    # The transaction whose outcome was unknown was committed.
    assert eventually(lambda: pair.ledger.transact(1, CREDIT)).saldo == 200
    assert pair.ledger.audit().problems == []


def test_a_retry_with_its_key_ends_an_unknown_outcome(pair: Pair) -> None:
    """A request whose outcome was unknown is sent again with its key until it is answered: it is
    counted once. While its commit still waits for the standby, a retry is not answered."""
    pair.standby.freeze()
    with pytest.raises(OutcomeUnknownError, match="with its Idempotency-Key"):
        pair.ledger.transact_once(1, CREDIT, "k")
    with pytest.raises(StoreUnavailableError):
        pair.ledger.transact_once(1, CREDIT, "k")
    pair.standby.thaw()
    assert eventually(lambda: pair.ledger.transact_once(1, CREDIT, "k")).saldo == 100
    assert pair.ledger.transact_once(1, CREDIT, "k").saldo == 100
    assert pair.ledger.extrato(1).saldo.total == 100
    assert pair.ledger.audit().problems == []


@contextlib.contextmanager
def interrupted(pair: Pair, function: str) -> Iterator[None]:
    """Calls this function, in the background, for the first backend that waits for the standby."""

    def interrupt() -> None:
        pair.primary.wait_for(f"SELECT count(*) = 1 {WAITS}")
        pair.primary.query(f"SELECT {function}(pid) {WAITS}")

    beside = threading.Thread(target=interrupt)
    beside.start()
    yield
    beside.join()


@pytest.mark.parametrize("function", ["pg_cancel_backend", "pg_terminate_backend"])
def test_a_cancelled_wait_for_the_standby_is_no_success(pair: Pair, function: str) -> None:
    """A cancelled wait is no success, though the server only warns: a failover may lose it."""
    pair.standby.freeze()
    with (
        interrupted(pair, function),
        pytest.raises(OutcomeUnknownError, match="before you send it again"),
    ):
        pair.ledger.transact(1, CREDIT)
    pair.standby.thaw()


def test_a_cancelled_proof_proves_nothing(pair: Pair) -> None:
    """A statement whose proof is cancelled is not answered."""
    pair.standby.freeze()
    with interrupted(pair, "pg_cancel_backend"), pytest.raises(StoreUnavailableError):
        pair.ledger.extrato(1)
    pair.standby.thaw()


def test_a_connection_that_was_closed_while_idle_costs_nothing(pair: Pair) -> None:
    """If an idle connection was closed, the next request succeeds on a new one."""
    ours = "FROM pg_stat_activity WHERE usename = 'rinha'"
    for _ in range(3):
        pair.primary.query(f"SELECT pg_terminate_backend(pid) {ours}")
        pair.primary.wait_for(f"SELECT count(*) = 0 {ours}")
        assert pair.ledger.transact(1, CREDIT).limite == 100_000
    assert pair.ledger.extrato(1).saldo.total == 300


def test_a_server_without_a_standby_has_nothing_to_prove(pair: Pair) -> None:
    """A server without a standby needs no proof, but is asked for it: one may be named later."""
    pair.primary.set("synchronous_standby_names", "")
    pair.standby.freeze()
    ledger = PostgresLedger(pair.address)
    ledger.transact(1, CREDIT)
    assert ledger.extrato(1).saldo.total == 100
    pair.primary.set("synchronous_standby_names", "standby")
    time.sleep(1.1)
    in_time(lambda: ledger.extrato(1))
    pair.standby.thaw()
    ledger.close()


def test_a_refusal_is_told_apart_without_a_second_look(pair: Pair) -> None:
    """One refused statement tells a limit exceeded from an unknown client."""
    with pytest.raises(LimiteExceededError, match="below -100000"):
        pair.ledger.transact(1, Transacao(100_001, "d", "abc"))
    pair.ledger.transact(1, Transacao(VALOR_MAX, "c", "abc"))
    with pytest.raises(LimiteExceededError, match=f"above {VALOR_MAX}"):
        pair.ledger.transact(1, CREDIT)
    with pytest.raises(UnknownClienteError):
        pair.ledger.transact(6, CREDIT)
