"""The check after a load of known people names each difference and allows legal outcomes."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.pessoas.after_load import (
    FOLDED,
    MISSED,
    MISSED_NULL,
    NOT_ADDED,
    TOO_MANY,
    TWICE,
    examine,
)
from loadtest.pessoas.crowd import Crowd
from loadtest.pessoas.notes import Note, Posted, Searched
from loadtest.pessoas.payloads import payload_of
from loadtest.wire.outcome import Failure
from loadtest.wire.probe import Probe
from loadtest.wire.request import Address

ADDRESS = Address("127.0.0.1", 1)
ANA: dict[str, Any] = {
    "apelido": "ana",
    "nome": "Ana Barbosa",
    "nascimento": "1985-09-23",
    "stack": ["C#", "Go"],
}


@pytest.fixture
def idle_probe() -> Probe:
    """A probe that sends no request here."""
    return Probe(ADDRESS)


def added(place: int, at_ns: int, code: int = 201) -> Posted:
    return Posted(place, code, at_ns, f"/pessoas/{place}" if code == 201 else "")


def crowd(*people: dict[str, Any]) -> Crowd:
    return Crowd(payload_of(ANA | one) for one in people)


def wrong(found: object) -> dict[str, int]:
    return {one.what: one.count for one in found.differences}  # type: ignore[attr-defined]


def test_one_person_is_expected_for_each_apelido(idle_probe: Probe) -> None:
    """Exactly one of the people with the same apelido is expected, in any order of arrival."""
    rivals = crowd({}, {"nome": "Outra"}, {"apelido": "bia"}, {"nome": 1})
    for first in (0, 1):
        notes = [
            *(added(place, 1, 201 if place == first else 422) for place in (0, 1)),
            *(added(2, 1), added(3, 1, 400)),
        ]
        found = examine(rivals, notes, 2, idle_probe)
        assert (found.expected, found.acknowledged, found.stored, wrong(found)) == (2, 2, 2, {})
        assert found.is_whole


@pytest.mark.parametrize(
    ("codes", "stored", "expected"),
    [
        ((201, 201, 201), 3, {TWICE: 1}),
        ((422, 422, 422), 0, {NOT_ADDED: 2}),
        ((422, 422, 201), 1, {FOLDED: 1}),
        ((201, 422, 422), 1, {FOLDED: 1}),
        ((201, 422, 503), 1, {}),
        ((201, 422, 503), 2, {}),
        ((201, 422, Failure.TIMEOUT), 2, {}),
        ((201, 422, Failure.REFUSED), 2, {TOO_MANY: 1}),
        ((201, 422, 201), 3, {TOO_MANY: 1}),
    ],
)
def test_each_difference_has_a_name(
    idle_probe: Probe, codes: tuple[int, ...], stored: int, expected: dict[str, int]
) -> None:
    """Each difference has a name: two people share an apelido, the third has it in another case."""
    people = crowd({}, {"nome": "Outra"}, {"apelido": "ANA"})
    notes = [added(place, 1, code) for place, code in enumerate(codes)]
    assert wrong(examine(people, notes, stored, idle_probe)) == expected


def test_a_search_must_show_people_acknowledged_before_it_was_sent(idle_probe: Probe) -> None:
    """A search must show the people acknowledged before it was sent, up to fifty."""
    people = crowd(
        *({"apelido": f"ana{n}", "stack": None if n == 1 else ["C#"]} for n in range(60))
    )
    notes: list[Note] = [added(place, 10 * place) for place in range(60)]
    everybody = list(range(60))

    def found(termo: str, sent_ns: int, shown: list[int]) -> dict[str, int]:
        return wrong(examine(people, [*notes, Searched(termo, sent_ns, shown)], 60, idle_probe))

    assert found("ANA", 25, [0, 1, 2]) == {}
    assert found("ANA", 25, [0, 1, 2, 3]) == {}
    assert found("ana", 25, [0, 1]) == {MISSED: 1}
    assert found("ana", 25, [0, 2]) == {MISSED_NULL: 1}
    assert found("ana", 0, []) == {}
    assert found("anab", 1_000, []) == {}
    assert found("c#", 25, [0, 2]) == {}
    assert found("ana", 1_000, everybody[10:]) == {}
    assert found("ana5", 1_000, [5, *range(50, 60)]) == {}


words = st.text(st.sampled_from("abAB é%"), max_size=4)


@given(
    st.lists(st.tuples(words, words, st.none() | st.lists(words, max_size=3)), max_size=30),
    st.text(st.sampled_from("abAB é%"), min_size=1, max_size=3),
    st.integers(0, 40),
)
def test_the_fast_search_agrees_with_a_plain_scan(
    drawn: list[tuple[str, str, list[str] | None]], termo: str, sent_ns: int
) -> None:
    """The fast search for missed people agrees with a plain scan."""
    people = [
        ANA | {"apelido": f"{apelido}{number}", "nome": nome, "stack": stack}
        for number, (apelido, nome, stack) in enumerate(drawn)
    ]
    everybody = Crowd(map(payload_of, people))
    moments = Random(1).sample(range(40), len(people))
    notes = [added(place, at_ns) for place, at_ns in enumerate(moments)]
    due = {
        place
        for place, payload in enumerate(everybody.payloads)
        if payload.pessoa is not None
        and payload.pessoa.has(termo.casefold())
        and moments[place] < sent_ns
    }
    search = Searched(termo, sent_ns, [])
    found = examine(everybody, [*notes, search], len(people), Probe(ADDRESS))
    assert sum(wrong(found).values()) == len(due)
