"""The comparison of a stored order with answers finds planted faults."""

from collections.abc import Callable

import pytest

from tests.help.stored_order import Operation, Row, State, StoredChange, stored, unexplained

ROWS = [Row(10, "c", "a"), Row(30, "d", "b"), Row(5, "c", "c")]
CHANGES = [StoredChange(20, False, 1), StoredChange(40, False, 1), StoredChange(40, True, 3)]
ORDER = stored(100, ROWS, CHANGES)
SALDOS = (0, 10, 10, 10, -20, -15, -15)


def write(place: int, sent_ns: int, answered_ns: int, saldo: int | None = None) -> Operation:
    told = SALDOS[place] if saldo is None else saldo
    return Operation("write", place, sent_ns, answered_ns, lambda at: at.saldo == told, place)


def read(sent_ns: int, answered_ns: int, fits: Callable[[State], bool]) -> Operation:
    return Operation("read", None, sent_ns, answered_ns, fits)


def shows(saldo: int) -> Callable[[State], bool]:
    return lambda at: at.saldo == saldo


# Each write is answered after the next one was sent; the third overlaps with all.
WRITES = [
    *(write(1, 0, 15), write(2, 10, 25), write(3, 5, 65), write(4, 30, 45)),
    *(write(5, 40, 55), write(6, 50, 60)),
]


def test_the_states_are_those_of_the_order() -> None:
    """Each transaction and each change has its place, and leaves its state."""
    assert [state.saldo for state in ORDER.states] == list(SALDOS)
    assert [state.limite for state in ORDER.states] == [100, 100, 20, 40, 40, 40, 40]
    assert [state.is_closed for state in ORDER.states] == [False] * 6 + [True]
    assert (ORDER.transacoes, ORDER.changes) == ([1, 4, 5], [2, 3, 6])
    assert ORDER.states[-1].rows == tuple(reversed(ROWS))


def test_right_answers_have_a_place() -> None:
    """Writes in the stored order, and what was read between two of them, are explained."""
    reads = [
        read(0, 14, shows(0)),
        read(16, 31, lambda at: at.limite == 20),
        read(16, 44, shows(-20)),
        read(46, 54, shows(-15)),
        read(70, 80, lambda at: at.is_closed),
    ]
    assert unexplained(ORDER.states, [*WRITES, *reads]) == []


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param([write(4, 30, 45, saldo=-21)], id="an answer with another balance"),
        pytest.param([write(5, 20, 29)], id="answered before the one before it was sent"),
        pytest.param([read(61, 70, shows(10))], id="stale"),
        pytest.param([read(16, 29, shows(-20))], id="from the future"),
        pytest.param([read(66, 70, lambda at: not at.is_closed)], id="open after the close"),
        pytest.param([read(31, 32, shows(-20)), read(33, 34, shows(10))], id="back in time"),
    ],
)
def test_a_wrong_answer_has_no_place(wrong: list[Operation]) -> None:
    """An answer that the order does not allow is found, and it alone."""
    places = {each.place for each in wrong}
    others = [each for each in WRITES if each.place not in places]
    assert unexplained(ORDER.states, [*others, *wrong]) == wrong[-1:]


def test_a_write_that_nobody_asked_for_is_found() -> None:
    """A stored transaction without an answer is a fault."""
    with pytest.raises(AssertionError, match="what is stored is not what was answered"):
        unexplained(ORDER.states, WRITES[:-1])
