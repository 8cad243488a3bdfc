"""The order of a client's operations that the ledger stores, compared with every answer.

A ledger numbers the transactions of a client, and each change of the client has its place among
them. An operation that wrote nothing, such as a statement or a refusal, needs a place between two
of these. None may come before an operation that was answered before it was sent.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from operator import itemgetter
from typing import NamedTuple

EXTRATO_ROWS = 10


class Row(NamedTuple):
    valor: int
    tipo: str
    descricao: str


class State(NamedTuple):
    """A client between two operations; its newest transaction comes first."""

    saldo: int
    limite: int
    is_closed: bool = False
    rows: tuple[Row, ...] = ()


class StoredChange(NamedTuple):
    """A change of a client, which came after so many of its transactions."""

    limite: int
    is_closed: bool
    transacoes: int


class Operation(NamedTuple):
    kind: str
    asked: object
    sent_ns: int
    answered_ns: int
    # Tells whether the answer is right in a state: for a write, in the one that it leaves.
    fits: Callable[[State], bool]
    # Place of the write, counted from 1; 0 for an operation that wrote nothing.
    place: int = 0


class Stored(NamedTuple):
    """States of a client from the first on, and the places of its transactions and changes."""

    states: list[State]
    transacoes: list[int]
    changes: list[int]


def stored(limite: int, rows: Iterable[Row], changes: Iterable[StoredChange]) -> Stored:
    """Returns the order of a client that begins with this limit."""
    events: list[tuple[int, int, Row | StoredChange]] = [
        *((number, 0, row) for number, row in enumerate(rows, 1)),
        *((change.transacoes, number, change) for number, change in enumerate(changes, 1)),
    ]
    events.sort(key=itemgetter(0, 1))
    return Stored(
        list(accumulate((event for *_, event in events), _after, initial=State(0, limite))),
        [place for place, (*_, event) in enumerate(events, 1) if isinstance(event, Row)],
        [place for place, (*_, event) in enumerate(events, 1) if isinstance(event, StoredChange)],
    )


def _after(state: State, event: Row | StoredChange) -> State:
    if isinstance(event, StoredChange):
        return state._replace(limite=event.limite, is_closed=event.is_closed)
    saldo = state.saldo + (event.valor if event.tipo == "c" else -event.valor)
    return state._replace(saldo=saldo, rows=(event, *state.rows)[:EXTRATO_ROWS])


def unexplained(states: Sequence[State], operations: Iterable[Operation]) -> list[Operation]:
    """Returns the operations that have no place in the order of these states."""
    everything = list(operations)
    writes = sorted((each for each in everything if each.place), key=lambda each: each.place)
    places = [each.place for each in writes]
    assert places == list(range(1, len(states))), "what is stored is not what was answered"
    wrong = [each for each in writes if not each.fits(states[each.place])]
    # For each place: when the latest request up to it was sent, and when the earliest answer from
    # it on came.
    sent = list(accumulate((each.sent_ns for each in writes), max))
    answered = list(accumulate((each.answered_ns for each in reversed(writes)), min))[::-1]
    wrong += [
        each for each, last_ns in zip(writes[1:], sent, strict=False) if each.answered_ns < last_ns
    ]
    # The others, each at the first place that it can have. `placed` is the highest one so far.
    done_ns: list[int] = []
    placed = [0]
    readers = (each for each in everything if not each.place)
    for each in sorted(readers, key=lambda each: each.answered_ns):
        lowest = placed[bisect_left(done_ns, each.sent_ns)]
        lowest = max(lowest, bisect_left(answered, each.sent_ns))
        highest = bisect_right(sent, each.answered_ns)
        fitting = (at for at in range(lowest, highest + 1) if each.fits(states[at]))
        place = next(fitting, None)
        if place is None:
            wrong.append(each)
        else:
            done_ns.append(each.answered_ns)
            placed.append(max(placed[-1], place))
    return wrong
