"""Bodies that are valid people, and the errors for all others."""

import datetime
import json
import re
import time

import pytest

from rinha.bodies import encode
from rinha.errors import BodyTooLargeError, MalformedBodyError, RuleBrokenError
from rinha.pessoas.ids import new_id
from rinha.pessoas.limits import BODY_MAX_BYTES
from rinha.pessoas.messages import (
    RULES,
    Pessoa,
    WrongKindError,
    decode_pessoa,
    pessoa_cadastrada,
    stack_as_json,
)

DAY = datetime.date(1985, 9, 23)
LEAP_DAY = datetime.date(2024, 2, 29)
OTHER_KINDS = (1, 1.5, True, ["a"], {"a": "b"})


def body(**changes: object) -> bytes:
    ana = {"apelido": "ana", "nome": "Ana", "nascimento": "1985-09-23", "stack": ["C#", "Go"]}
    return json.dumps(ana | changes).encode()


def without(field: str) -> bytes:
    whole = json.loads(body())
    del whole[field]
    return json.dumps(whole).encode()


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (body(), Pessoa("ana", "Ana", DAY, ["C#", "Go"])),
        (body(stack=None), Pessoa("ana", "Ana", DAY)),
        (without("stack"), Pessoa("ana", "Ana", DAY)),
        (body(stack=[]), Pessoa("ana", "Ana", DAY, [])),
        (body(stack=["C#", "C#"]), Pessoa("ana", "Ana", DAY, ["C#", "C#"])),
        (body(apelido="😀" * 32), Pessoa("😀" * 32, "Ana", DAY, ["C#", "Go"])),
        (body(nome="ç" * 100), Pessoa("ana", "ç" * 100, DAY, ["C#", "Go"])),
        (body(stack=["é" * 32]), Pessoa("ana", "Ana", DAY, ["é" * 32])),
        (body(apelido="", nome=""), Pessoa("", "", DAY, ["C#", "Go"])),
        (body(nascimento="2024-02-29", stack=None), Pessoa("ana", "Ana", LEAP_DAY)),
        (body(nascimento="0001-01-01", stack=None), Pessoa("ana", "Ana", datetime.date.min)),
        (body(extra={"a": [1, None]}), Pessoa("ana", "Ana", DAY, ["C#", "Go"])),
        (b" \n" + body() + b"\r\n ", Pessoa("ana", "Ana", DAY, ["C#", "Go"])),
    ],
)
def test_well_formed_bodies_are_taken(raw: bytes, expected: Pessoa) -> None:
    """A body that keeps every rule is a person; lengths count characters, not bytes."""
    assert decode_pessoa(raw) == expected


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        *[(without(field), field) for field in ("apelido", "nome", "nascimento")],
        *[(body(**{field: None}), field) for field in ("apelido", "nome", "nascimento")],
        (body(apelido="a" * 33), "apelido"),
        (body(nome="a" * 101), "nome"),
        (body(stack=["ok", "a" * 33]), "stack"),
        *[
            (body(nascimento=day), "nascimento")
            for day in (
                *("2023-02-29", "2023-13-01", "2023-00-10", "2023-04-31", "2023-01-00"),
                *("12-12-2000", "2000-1-1", "2000/01/01", "20000101", "2000-W01-1", "10", "null"),
                *("", " 2000-01-01", "2000-01-01 ", "2000-01-01T00:00:00", "10000-01-01"),
                *("0000-01-01", "-2000-01-01", "２０００-01-01", "now", "2000-01-1a"),
            )
        ],
    ],
)
def test_a_broken_rule_is_told_by_its_field(raw: bytes, field: str) -> None:
    """A field that is missing, null, too long or no day breaks its rule; the rule is the reason."""
    with pytest.raises(RuleBrokenError) as refusal:
        decode_pessoa(raw)
    assert str(refusal.value) == RULES[field]


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        *[(body(**{field: kind}), field) for field in ("apelido", "nome") for kind in OTHER_KINDS],
        *[(body(nascimento=kind), "nascimento") for kind in OTHER_KINDS],
        *[(body(stack=kind), "stack") for kind in ("C#", 1, 1.5, True, {"C#": 1})],
        *[(body(stack=["C#", kind]), "stack") for kind in (*OTHER_KINDS, None)],
    ],
)
def test_a_wrong_kind_is_told_apart_from_a_broken_rule(raw: bytes, field: str) -> None:
    """A value of a wrong type is malformed, not a broken rule; the rule is the reason."""
    with pytest.raises(WrongKindError) as refusal:
        decode_pessoa(raw)
    assert str(refusal.value) == RULES[field]


@pytest.mark.parametrize("raw", [b"[]", b"null", b'"ana"', b"1", b"true"])
def test_a_body_that_is_no_object_is_malformed(raw: bytes) -> None:
    """JSON that is no object is malformed."""
    with pytest.raises(WrongKindError, match="must be a JSON object"):
        decode_pessoa(raw)


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b"abc", body()[:-1], body() + b"{}", body()[:-1] + b",}", b"\xff" + body()),
        *(body().replace(b"Ana", b"\xe7"), body().replace(b"Ana", b"\\ud800")),
        body(extra=0).replace(b"0}", b"[" * 40 + b"]" * 40 + b"}"),
    ],
)
def test_what_is_no_json_is_malformed(raw: bytes) -> None:
    """Bytes that are not valid JSON in UTF-8, or that nest too deep, are malformed."""
    with pytest.raises(MalformedBodyError):
        decode_pessoa(raw)


def test_a_text_without_an_end_is_read_once() -> None:
    """The time for a body grows with its length, also where a text in it never ends."""
    raw = b"[" * 40 + b'"' + b'\\"' * (BODY_MAX_BYTES // 2 - 40)
    began_at = time.process_time()
    with pytest.raises(MalformedBodyError):
        decode_pessoa(raw)
    assert time.process_time() - began_at < 0.5


def test_the_longest_sensible_body_fits() -> None:
    """The longest sensible body fits: 26 elements, each of 32 characters that are two escapes."""
    longest = body(apelido="😀" * 32, nome="😀" * 100, stack=["😀" * 32] * 26)
    assert len(longest) < BODY_MAX_BYTES
    assert decode_pessoa(longest).nome == "😀" * 100
    with pytest.raises(BodyTooLargeError):
        decode_pessoa(body() + b" " * BODY_MAX_BYTES)


@pytest.mark.parametrize("stack", [None, [], ["C#"], ["C#", "C#"], ['"\\\n\x00', "é😀", ""]])
def test_a_stack_comes_back_as_it_was_sent(stack: list[str] | None) -> None:
    """A stack is returned as it was sent: null stays null, elements keep order and repeats."""
    pessoa = decode_pessoa(body(stack=stack))
    kept = pessoa_cadastrada("id", "ana", "Ana", "1985-09-23", stack_as_json(pessoa))
    assert json.loads(encode(kept))["stack"] == stack


def test_ids_are_uuids_that_rise() -> None:
    """Ids are distinct UUIDs of version 7 that rise with time."""
    ids = [new_id() for _ in range(1_000)]
    form = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
    assert all(form.fullmatch(one) for one in ids)
    assert len(set(ids)) == len(ids)
    moments = [one[:13] for one in ids]
    assert moments == sorted(moments)
