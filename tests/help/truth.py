"""What every answer of a load said, held against the ledger as it is in the end.

The ledger has every transaction in one order, with the balance that it left. So each answer has its
place there, or places where it could be, and none may come before one that was given before it was
asked for.
"""

import bisect
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

LIMITES = {1: 100000, 2: 80000, 3: 1000000, 4: 10000000, 5: 500000}
EXTRATO_ROWS = 10
# What may count.
MAY = (200, 503)
# Of a client, in its order: each name, and the balance after it.
READ_LIVRO = "SELECT cliente, descricao, saldo FROM livro ORDER BY cliente, sequencia"


class Said(NamedTuple):
    """One question and what came of it."""

    cliente: int
    sent_s: float
    answered_s: float
    # 200, 422, or 503 where nobody knows whether it counts; other refusals say that it does not.
    status: int
    # Of a transaction: its name, which no other has, and what it changes.
    name: str = ""
    change: int = 0
    # The balance, after it or in a statement.
    saldo: int = 0
    # Of a statement: the names, newest first.
    names: tuple[str, ...] | None = None


class Placed(NamedTuple):
    said: Said
    # How many transactions stood before this one, or in the statement.
    low: int
    high: int


def untruths(answers: Iterable[Said], livro: Sequence[tuple[int, str, int]]) -> list[str]:
    """Whatever no order explains; of a ledger that was empty before the load."""
    rows: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for cliente, name, saldo in livro:
        rows[cliente].append((name, saldo))
    said_of: dict[int, list[Said]] = defaultdict(list)
    for said in answers:
        said_of[said.cliente].append(said)
    found = []
    for cliente in sorted(rows.keys() | said_of.keys()):
        history = _History(said_of[cliente], rows[cliente], LIMITES[cliente])
        found += [f"client {cliente}: {complaint}" for complaint in history.untruths()]
    return found


class _History:
    """Of one client."""

    def __init__(self, answers: list[Said], rows: list[tuple[str, int]], limite: int) -> None:
        self._answers = answers
        self._rows = rows
        self._limite = limite
        self._place: dict[str, int] = {}
        for number, (name, _) in enumerate(rows):
            self._place.setdefault(name, number)
        self._saldos = [0, *(saldo for _, saldo in rows)]
        self._placed: list[Placed] = []

    def untruths(self) -> Iterator[str]:
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

    def _transaction(self, said: Said) -> Iterator[str]:
        place = self._place.get(said.name)
        if place is None:
            yield f"{said.name} was acknowledged and is lost"
        elif self._saldos[place + 1] != said.saldo:
            yield f"{said.name} was answered {said.saldo}, and left another balance"
        else:
            self._placed.append(Placed(said, place, place + 1))

    def _statement(self, said: Said) -> Iterator[str]:
        stands = self._place.get(said.names[0], -1) + 1 if said.names else 0
        newest = self._rows[max(0, stands - EXTRATO_ROWS) : stands][::-1]
        if said.names != tuple(name for name, _ in newest) or said.saldo != self._saldos[stands]:
            yield f"a statement of {said.saldo} and {said.names} was never so"
        else:
            self._placed.append(Placed(said, stands, stands))

    def _known_at(self) -> Callable[[float], int]:
        """How many transactions whoever asks at a moment may have heard of before."""
        by_answer = sorted(self._placed, key=lambda each: each.said.answered_s)
        answered = [each.said.answered_s for each in by_answer]
        highest = list(accumulate((each.high for each in by_answer), max, initial=0))
        return lambda moment_s: highest[bisect.bisect_left(answered, moment_s)]

    def _open_after(self) -> Callable[[float], int]:
        """How many there were at most before whatever was asked for after a moment."""
        by_sending = sorted(self._placed, key=lambda each: -each.said.sent_s)
        sent = [-each.said.sent_s for each in by_sending]
        lows = (each.low for each in by_sending)
        lowest = list(accumulate(lows, min, initial=len(self._rows)))
        return lambda moment_s: lowest[bisect.bisect_left(sent, -moment_s)]

    def _too_early(self) -> Iterator[str]:
        """Whatever stands before something that had been answered when it was asked for."""
        known_at = self._known_at()
        for each in self._placed:
            known = known_at(each.said.sent_s)
            if each.low < known:
                what = "a statement" if each.said.names is not None else each.said.name
                yield f"{what} stands at {each.low}, when {known} were known: it is stale"

    def _refused_for_nothing(self) -> Iterator[str]:
        """A refusal needs a moment that explains it, between what was known and what came later."""
        known_at, open_after = self._known_at(), self._open_after()
        for said in self._answers:
            if said.status == 422:
                moments = slice(known_at(said.sent_s), open_after(said.answered_s) + 1)
                if min(self._saldos[moments], default=0) + said.change >= -self._limite:
                    yield f"{said.change} was refused, and would have been within the limit"
