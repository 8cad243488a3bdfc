"""Checks all answers of a load against the final ledger.

The ledger has all transactions in one order, each with the balance after it. So each answer has a
place in it, or a range of places. No place may be before that of an answer that was received before
the request was sent.
"""

import bisect
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

LIMITES = {1: 100000, 2: 80000, 3: 1000000, 4: 10000000, 5: 500000}
EXTRATO_ROWS = 10
# Statuses of transactions that may be in the ledger.
MAY = (200, 503)
# Each client's transactions in order: the name, and the balance after it.
READ_LIVRO = "SELECT cliente, descricao, saldo FROM livro ORDER BY cliente, sequencia"


class Answered(NamedTuple):
    """One request and its outcome."""

    cliente: int
    sent_s: float
    answered_s: float
    # 200, 422, or 503 if the outcome is unknown; any other status means that nothing was written.
    status: int
    # For a transaction: its unique name, and its change of the balance.
    name: str = ""
    change: int = 0
    # The balance after the transaction, or in the statement.
    saldo: int = 0
    # For a statement: the names, newest first.
    names: tuple[str, ...] | None = None


class Placed(NamedTuple):
    said: Answered
    # Number of transactions in the ledger before this one and after it; equal for a statement.
    low: int
    high: int


def contradictions(answers: Iterable[Answered], livro: Sequence[tuple[int, str, int]]) -> list[str]:
    """Returns what no order explains; the ledger was empty before the load."""
    rows: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for cliente, name, saldo in livro:
        rows[cliente].append((name, saldo))
    said_of: dict[int, list[Answered]] = defaultdict(list)
    for said in answers:
        said_of[said.cliente].append(said)
    found = []
    for cliente in sorted(rows.keys() | said_of.keys()):
        history = _History(said_of[cliente], rows[cliente], LIMITES[cliente])
        found += [f"client {cliente}: {complaint}" for complaint in history.contradictions()]
    return found


class _History:
    """Answers and rows of one client."""

    def __init__(self, answers: list[Answered], rows: list[tuple[str, int]], limite: int) -> None:
        self._answers = answers
        self._rows = rows
        self._limite = limite
        self._place: dict[str, int] = {}
        for number, (name, _) in enumerate(rows):
            self._place.setdefault(name, number)
        self._saldos = [0, *(saldo for _, saldo in rows)]
        self._placed: list[Placed] = []

    def contradictions(self) -> Iterator[str]:
        yield from self._rows_that_count()
        for said in self._answers:
            if said.status == 200:
                yield from self._transaction(said) if said.names is None else self._statement(said)
        yield from self._too_early()
        yield from self._refused_for_nothing()

    def _rows_that_count(self) -> Iterator[str]:
        if len(self._place) < len(self._rows):
            yield "a transaction counts twice"
        may = {each.name for each in self._answers if each.names is None and each.status in MAY}
        for name in self._place.keys() - may:
            yield f"{name} counts, and nobody was told that it may"

    def _transaction(self, said: Answered) -> Iterator[str]:
        place = self._place.get(said.name)
        if place is None:
            yield f"{said.name} was acknowledged and is lost"
        elif self._saldos[place + 1] != said.saldo:
            yield f"{said.name} was answered {said.saldo}, and left another balance"
        else:
            self._placed.append(Placed(said, place, place + 1))

    def _statement(self, said: Answered) -> Iterator[str]:
        stands = self._place.get(said.names[0], -1) + 1 if said.names else 0
        newest = self._rows[max(0, stands - EXTRATO_ROWS) : stands][::-1]
        if said.names != tuple(name for name, _ in newest) or said.saldo != self._saldos[stands]:
            yield f"a statement of {said.saldo} and {said.names} was never so"
        else:
            self._placed.append(Placed(said, stands, stands))

    def _known_at(self) -> Callable[[float], int]:
        """Returns a function: the number of transactions that answers up to a moment prove."""
        by_answer = sorted(self._placed, key=lambda each: each.said.answered_s)
        answered = [each.said.answered_s for each in by_answer]
        highest = list(accumulate((each.high for each in by_answer), max, initial=0))
        return lambda moment_s: highest[bisect.bisect_left(answered, moment_s)]

    def _open_after(self) -> Callable[[float], int]:
        """Returns a function: the most transactions before requests sent after a moment."""
        by_sending = sorted(self._placed, key=lambda each: -each.said.sent_s)
        sent = [-each.said.sent_s for each in by_sending]
        lows = (each.low for each in by_sending)
        lowest = list(accumulate(lows, min, initial=len(self._rows)))
        return lambda moment_s: lowest[bisect.bisect_left(sent, -moment_s)]

    def _too_early(self) -> Iterator[str]:
        """Yields each answer that is older than one received before its request was sent."""
        known_at = self._known_at()
        for each in self._placed:
            known = known_at(each.said.sent_s)
            if each.low < known:
                what = "a statement" if each.said.names is not None else each.said.name
                yield f"{what} stands at {each.low}, when {known} were known: it is stale"

    def _refused_for_nothing(self) -> Iterator[str]:
        """Yields each refusal that no balance between request and answer explains."""
        known_at, open_after = self._known_at(), self._open_after()
        for said in self._answers:
            if said.status == 422:
                moments = slice(known_at(said.sent_s), open_after(said.answered_s) + 1)
                if min(self._saldos[moments], default=0) + said.change >= -self._limite:
                    yield f"{said.change} was refused, and would have been within the limit"
