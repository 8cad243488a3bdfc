"""The people who are sent, the number that is known before, and how answers are held against it."""

import json
from collections import Counter
from itertools import islice
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.drive.plan import OfficialPlan
from loadtest.pessoas.aftermath import (
    FOLDED,
    MISSED,
    MISSED_NULL,
    NOT_ADDED,
    TOO_MANY,
    TWICE,
    examine,
)
from loadtest.pessoas.contract import (
    ContractBrokenError,
    broken_rule,
    location_of,
    parted,
    pessoa_of,
    read_count,
    read_pessoa,
    read_pessoas,
)
from loadtest.pessoas.crowd import Crowd
from loadtest.pessoas.mix import BARE, POST, SEARCH
from loadtest.pessoas.notes import Note, Posted, Searched
from loadtest.pessoas.official.plan import (
    build_load,
    crowd_of,
    due_times,
    expected_counts,
    right_people,
)
from loadtest.pessoas.payloads import Payload, payload_of, payloads, termos
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


def plan(seed: int, **changes: float) -> OfficialPlan:
    return OfficialPlan(ADDRESS, seed, 60.0, **changes)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_official_run_has_its_requests_and_its_people(seed: int) -> None:
    """54,635 posts but for the chance of 75, 13,780 searches, and as many right ones as known."""
    counts = expected_counts(plan(seed))
    assert abs(counts[POST] - 54_635) < 40
    assert (counts[SEARCH], counts[BARE]) == (9_590, 4_190)
    assert abs(right_people(crowd_of(plan(seed))) - 46_500) < 200
    for kind in (POST, SEARCH, BARE):
        moments = list(due_times(plan(seed), kind))
        assert moments == sorted(moments)
        assert 204 < moments[-1] < 205


def test_a_seed_repeats_everybody_and_every_term() -> None:
    """The same bytes in the same order, whatever was drawn before; another seed, other people."""
    for draw in (payloads, termos):
        first, again, other = (list(islice(draw(seed), 500)) for seed in (7, 7, 8))
        assert first == again != other
    load = build_load(plan(1, scale=0.01), crowd_of(plan(1, scale=0.01)))
    same = build_load(plan(1, scale=0.01), crowd_of(plan(1, scale=0.01)))
    assert [(due_s, one.data) for due_s, one in load] == [(due_s, one.data) for due_s, one in same]


def test_people_are_drawn_by_the_published_rules() -> None:
    """Lengths, letters, one field of 99 bad, one stack of 14 null, and a month too many."""
    drawn = list(islice(payloads(3), 20_000))
    fields = [json.loads(one.body) for one in drawn]
    lengths = {len(one["apelido"]) for one in fields}
    assert lengths == {*range(1, 33), 35}
    assert {len(one["nome"]) for one in fields} == {*range(1, 101), 120}
    assert all(one["apelido"].isascii() and one["apelido"].isalpha() for one in fields)
    for name, length in (("apelido", 35), ("nome", 120)):
        share = sum(len(one[name]) == length for one in fields) / len(fields)
        assert share == pytest.approx(1 / 99, rel=0.25)
    assert sum(one["stack"] is None for one in fields) / len(fields) == pytest.approx(
        1 / 14, rel=0.1
    )
    assert sum(one["nascimento"][5:7] == "13" for one in fields) / len(fields) == pytest.approx(
        1 / 13, rel=0.1
    )
    broken = Counter(one.broken for one in drawn)
    assert len(broken) == 6
    assert broken[""] / len(drawn) == pytest.approx(0.885, abs=0.01)


def test_terms_are_of_any_length_and_have_no_space_at_their_ends() -> None:
    """One to fifty letters and inner spaces."""
    drawn = list(islice(termos(1), 5_000))
    assert {len(one) for one in drawn} == set(range(1, 51))
    assert all(one == one.strip() for one in drawn)
    assert any(" " in one for one in drawn)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({}, ""),
        ({"stack": None}, ""),
        ({"stack": []}, ""),
        ({"apelido": "😀" * 32, "nome": "ç" * 100, "stack": ["😀" * 32]}, ""),
        ({"nascimento": "2020-02-29"}, ""),
        ({"apelido": None}, "apelido is no string"),
        ({"apelido": "a" * 33}, "apelido is longer than 32 characters"),
        ({"nome": 1}, "nome is no string"),
        ({"nome": "a" * 101}, "nome is longer than 100 characters"),
        *[
            ({"nascimento": day}, "nascimento is no day")
            for day in (
                None,
                1,
                "2021-02-29",
                "2021-13-01",
                "2021-1-1",
                "20210101",
                "２０２１-01-01",
            )
        ],
        *[({"stack": one}, "stack is no list of strings") for one in ("a", 1, {"a": 1}, ["a", 1])],
        ({"stack": ["a" * 33]}, "an element of stack is longer than 32 characters"),
    ],
)
def test_the_rules_are_the_contracts(changes: dict[str, object], rule: str) -> None:
    """What the number that is known before rests on."""
    assert broken_rule(ANA | changes) == rule


SHOWN = {"id": "x", **ANA}


@pytest.mark.parametrize(
    "body",
    [b"", b"x", b"[]", b"{}", b'{"id": 1}', json.dumps(SHOWN | {"nome": 1}).encode(),
     json.dumps(SHOWN | {"id": 1}).encode(), json.dumps(SHOWN | {"nascimento": "x"}).encode()],
)  # fmt: skip
def test_an_answer_that_shows_nobody_is_said_so(body: bytes) -> None:
    """Never a traceback, whatever a server answers."""
    with pytest.raises(ContractBrokenError):
        read_pessoa(body)
    with pytest.raises(ContractBrokenError):
        read_pessoas(b"[" + body + b"]" if body != b"" else b"{}")
    with pytest.raises(ContractBrokenError):
        read_count(body)


def test_a_person_is_read_as_shown() -> None:
    """Extra fields are nobody's business."""
    assert read_pessoa(json.dumps(SHOWN | {"more": 1}).encode()) == ("x", pessoa_of(ANA))
    assert read_pessoas(b"[]") == []
    assert read_count(b" 46500\n") == 46_500


@pytest.mark.parametrize(
    ("head", "path"),
    [
        (b"HTTP/1.1 201 Created\r\nLocation: /pessoas/1\r\n\r\nLocation: /no", "/pessoas/1"),
        (b"HTTP/1.1 201 Created\r\nlocation:/pessoas/1 \r\nX: y\r\n\r\n", "/pessoas/1"),
        (b"HTTP/1.1 201 Created\nLOCATION: http://here:9999/pessoas/1?a=b\n\n", "/pessoas/1?a=b"),
        (b"HTTP/1.1 201 Created\r\nX-Location: /pessoas/1\r\n\r\n", ""),
        (b"HTTP/1.1 201 Created\r\n\r\nLocation: /pessoas/1\r\n", ""),
    ],
)
def test_the_location_is_read_from_the_head_only(head: bytes, path: str) -> None:
    """In any case, absolute or not."""
    assert location_of(head) == path
    assert parted(head)[0].startswith(b"HTTP/1.1 201 Created")


@pytest.fixture
def nobody() -> Probe:
    """Asked of nothing here."""
    return Probe(ADDRESS)


def added(place: int, at_ns: int, code: int = 201) -> Posted:
    return Posted(place, code, at_ns, f"/pessoas/{place}" if code == 201 else "")


def crowd(*people: dict[str, Any]) -> Crowd:
    return Crowd(payload_of(ANA | one) for one in people)


def wrong(found: object) -> dict[str, int]:
    return {one.what: one.count for one in found.differences}  # type: ignore[attr-defined]


def test_of_rivals_one_is_expected_whichever_it_is(nobody: Probe) -> None:
    """The number does not hang on who comes first."""
    rivals = crowd({}, {"nome": "Outra"}, {"apelido": "bia"}, {"nome": 1})
    for first in (0, 1):
        notes = [
            *(added(place, 1, 201 if place == first else 422) for place in (0, 1)),
            *(added(2, 1), added(3, 1, 400)),
        ]
        found = examine(rivals, notes, 2, nobody)
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
def test_what_differs_has_a_name(
    nobody: Probe, codes: tuple[int, ...], stored: int, expected: dict[str, int]
) -> None:
    """Of two rivals and one whose apelido is theirs in another case."""
    people = crowd({}, {"nome": "Outra"}, {"apelido": "ANA"})
    notes = [added(place, 1, code) for place, code in enumerate(codes)]
    assert wrong(examine(people, notes, stored, nobody)) == expected


def test_a_search_owes_whoever_was_acknowledged_before_it_was_sent(nobody: Probe) -> None:
    """Not those who came later, nor those without an answer, nor any beyond the fiftieth."""
    people = crowd(
        *({"apelido": f"ana{n}", "stack": None if n == 1 else ["C#"]} for n in range(60))
    )
    notes: list[Note] = [added(place, 10 * place) for place in range(60)]
    everybody = list(range(60))

    def found(termo: str, sent_ns: int, shown: list[int]) -> dict[str, int]:
        return wrong(examine(people, [*notes, Searched(termo, sent_ns, shown)], 60, nobody))

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
def test_who_is_owed_is_what_a_plain_look_finds(
    drawn: list[tuple[str, str, list[str] | None]], termo: str, sent_ns: int
) -> None:
    """The quick look of the aftermath agrees with looking at everybody."""
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


def test_a_payload_that_breaks_a_rule_has_nobody_in_it() -> None:
    """And says which; it still has its bytes."""
    bad = payload_of(ANA | {"nascimento": "null"})
    assert (bad.pessoa, bad.broken) == (None, "nascimento is no day")
    assert isinstance(bad, Payload)
    assert json.loads(bad.body)["nascimento"] == "null"
