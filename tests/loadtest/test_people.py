"""The people that are sent, the counts that are expected, and the rules of the contract."""

import json
from collections import Counter
from itertools import islice
from typing import Any

import pytest

from loadtest.drive.plan import OfficialPlan
from loadtest.pessoas.contract import (
    broken_rule,
    location_of,
    parted,
    pessoa_of,
    read_count,
    read_pessoa,
    read_pessoas,
)
from loadtest.pessoas.mix import BARE, POST, SEARCH
from loadtest.pessoas.official.plan import (
    build_load,
    crowd_of,
    due_times,
    expected_counts,
    right_people,
)
from loadtest.pessoas.payloads import Payload, payload_of, payloads, termos
from loadtest.wire.document import ContractBrokenError
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
    """The official run has about 54,635 posts and 46,500 valid people, and 13,780 searches."""
    counts = expected_counts(plan(seed))
    assert abs(counts[POST] - 54_635) < 40
    assert (counts[SEARCH], counts[BARE]) == (9_590, 4_190)
    assert abs(right_people(crowd_of(plan(seed))) - 46_500) < 200
    for kind in (POST, SEARCH, BARE):
        moments = list(due_times(plan(seed), kind))
        assert moments == sorted(moments)
        assert 204 < moments[-1] < 205


def test_a_seed_repeats_all_people_and_terms() -> None:
    """A seed repeats the same bytes in the same order; another seed gives other people."""
    for draw in (payloads, termos):
        first, again, other = (list(islice(draw(seed), 500)) for seed in (7, 7, 8))
        assert first == again != other
    load = build_load(plan(1, scale=0.01), crowd_of(plan(1, scale=0.01)))
    same = build_load(plan(1, scale=0.01), crowd_of(plan(1, scale=0.01)))
    assert [(due_s, one.data) for due_s, one in load] == [(due_s, one.data) for due_s, one in same]


def test_people_are_drawn_by_the_published_rules() -> None:
    """Lengths, letters, and the shares of bad fields, null stacks and month 13 follow the rules."""
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
    """Terms have 1 to 50 characters and spaces only inside."""
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
    """The contract's rules decide which person is valid, and name the broken rule."""
    assert broken_rule(ANA | changes) == rule


SHOWN = {"id": "x", **ANA}


@pytest.mark.parametrize(
    "body",
    [b"", b"x", b"[]", b"{}", b'{"id": 1}', json.dumps(SHOWN | {"nome": 1}).encode(),
     json.dumps(SHOWN | {"id": 1}).encode(), json.dumps(SHOWN | {"nascimento": "x"}).encode()],
)  # fmt: skip
def test_an_answer_without_a_valid_person_breaks_the_contract(body: bytes) -> None:
    """An answer without a valid person raises ContractBrokenError."""
    with pytest.raises(ContractBrokenError):
        read_pessoa(body)
    with pytest.raises(ContractBrokenError):
        read_pessoas(b"[" + body + b"]" if body != b"" else b"{}")
    with pytest.raises(ContractBrokenError):
        read_count(body)


def test_a_person_is_read_as_shown() -> None:
    """Extra fields of a person are ignored."""
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
    """The location is read from the head only, in any letter case, absolute or relative."""
    assert location_of(head) == path
    assert parted(head)[0].startswith(b"HTTP/1.1 201 Created")


def test_a_payload_that_breaks_a_rule_has_no_person() -> None:
    """An invalid payload has no person, names the broken rule and keeps its bytes."""
    bad = payload_of(ANA | {"nascimento": "null"})
    assert (bad.pessoa, bad.broken) == (None, "nascimento is no day")
    assert isinstance(bad, Payload)
    assert json.loads(bad.body)["nascimento"] == "null"
