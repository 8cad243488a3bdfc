"""Limits of the judge that take many connections, or many unanswered requests, to reach."""

from collections.abc import Iterable
from typing import Any
from unittest.mock import patch

from loadtest.crebitos.contract import CLIENTES, LIMITES, Extrato
from loadtest.crebitos.history.after_load import examine
from loadtest.crebitos.history.operation import Noted, Operation, unknown
from loadtest.crebitos.report import NOT_DECIDED, undecided
from loadtest.crebitos.state import State
from loadtest.drive.memory import Notes
from loadtest.limits import UNKNOWN_SUMS_MAX
from loadtest.wire.outcome import Failure
from loadtest.wire.request import CHECK, Address, Request, get
from tests.help.wired import Piece, WiredEngine

TOGETHER = 40
PART = b"HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n" + b"x" * 100_000


class Halfway:
    """An entry that begins every answer and ends none."""

    def take(self, _data: bytes) -> Iterable[Piece]:
        return [PART]


def test_unfinished_answers_of_all_connections_have_one_limit() -> None:
    """Unfinished answers of all connections have one limit; the excess is given up at once."""
    ended: list[int] = []

    def keep(_request: Any, code: int, _body: bytes, _due_ns: int, _sent_ns: int) -> None:
        ended.append(code)

    with patch("loadtest.wire.engine.UNREAD_BYTES_MAX", 10 * len(PART)):
        target = Address("127.0.0.1", 1)
        engine = WiredEngine(Halfway(), target, keep, 60.0)
        for _ in range(TOGETHER):
            engine.start(Request(CHECK, get(target, "/")), 0)
        for _ in range(20):
            engine.turn(0.01)
    assert len(ended) >= TOGETHER - 10
    assert set(ended) == {Failure.TOO_LARGE}
    assert engine.in_flight == TOGETHER - len(ended) > 0
    engine.close()


def test_a_balance_cannot_stand_for_an_outcome() -> None:
    """Any answered balance is recorded as a balance, never as an outcome."""
    notes = Notes[Noted](Noted)
    saldos = (0, -1, 2**53, -(2**53), 2**62, 2**62 + 1)
    for saldo in saldos:
        notes.add((5, Operation(1, 2, -(10**9), saldo)))
    notes.flush()
    noted = [(cliente, one.delta, one.saldo, one.outcome) for cliente, one in notes.read()]
    assert noted == [(5, -(10**9), saldo, 0) for saldo in saldos]


def test_an_undecided_history_is_no_pass() -> None:
    """A client is broken, or at least undecided, if too many unanswered requests hide its order."""
    lost = [(1, unknown(number, -1, number)) for number in range(UNKNOWN_SUMS_MAX + 1)]
    empty: State = {cliente: Extrato(0, LIMITES[cliente], "", ()) for cliente in CLIENTES}
    clientes = examine([*lost, (1, Operation(1, 2, 5, 5))], empty, empty)
    assert clientes[0].order == NOT_DECIDED
    assert clientes[0].is_broken
    assert undecided(clientes) == []
    # Without a finding the order is proved neither right nor wrong.
    clientes[0].fault = None
    assert len(undecided(clientes)) == 1
