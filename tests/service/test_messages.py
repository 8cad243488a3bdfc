"""Bodies that are valid transactions, and the errors for all others."""

import json

import pytest

from rinha.bodies import utc
from rinha.crebitos.limits import BODY_MAX_BYTES, VALOR_MAX
from rinha.crebitos.messages import RULES, Transacao, decode_transacao
from rinha.errors import BodyTooLargeError, MalformedBodyError, RuleBrokenError


def body(**changes: object) -> bytes:
    return json.dumps({"valor": 1, "tipo": "c", "descricao": "abc"} | changes).encode()


def without(field: str) -> bytes:
    whole = json.loads(body())
    del whole[field]
    return json.dumps(whole).encode()


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (body(), Transacao(1, "c", "abc")),
        (body(tipo="d"), Transacao(1, "d", "abc")),
        (body(valor=VALOR_MAX), Transacao(VALOR_MAX, "c", "abc")),
        (body(descricao="x"), Transacao(1, "c", "x")),
        (body(descricao="0123456789"), Transacao(1, "c", "0123456789")),
        (body(descricao="😀" * 10), Transacao(1, "c", "😀" * 10)),
        ('{"valor":1,"tipo":"c","descricao":"çãéíõüñß€😀"}'.encode(), None),
        (body(descricao="\x00"), Transacao(1, "c", "\x00")),
        (b' \n\t{"descricao" : "a" , "tipo":"d","valor":2 }\r\n ', Transacao(2, "d", "a")),
        (body(extra={"a": [1, None]}), Transacao(1, "c", "abc")),
    ],
)
def test_well_formed_bodies_are_taken(raw: bytes, expected: Transacao | None) -> None:
    """A body that keeps every rule is a transaction, in any spelling that JSON allows."""
    transacao = decode_transacao(raw)
    assert expected in (transacao, None)


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        *[(without(field), field) for field in RULES],
        *[(body(**{field: None}), field) for field in RULES],
        *[
            (b'{"valor":%b,"tipo":"c","descricao":"a"}' % number, "valor")
            for number in (b"0", b"-1", b"1.0", b"1.2", b"1e3", b"1E0", b"true", b'"1"', b"[1]")
        ],
        (body(valor=VALOR_MAX + 1), "valor"),
        (body(valor=2**63), "valor"),
        (body(valor=2**64), "valor"),
        (body(valor=10**400), "valor"),
        (body(valor=-(10**400)), "valor"),
        (body(tipo="x"), "tipo"),
        (body(tipo="C"), "tipo"),
        (body(tipo=""), "tipo"),
        (body(tipo="cd"), "tipo"),
        (body(tipo=1), "tipo"),
        (body(descricao=""), "descricao"),
        (body(descricao="01234567890"), "descricao"),
        (body(descricao="😀" * 11), "descricao"),
        (body(descricao="123456789 e mais um pouco"), "descricao"),
        (body(descricao=1), "descricao"),
        (body(descricao=["a"]), "descricao"),
    ],
)
def test_a_broken_rule_is_named(raw: bytes, field: str) -> None:
    """JSON that breaks a rule is refused with the rule of the field."""
    with pytest.raises(RuleBrokenError) as refusal:
        decode_transacao(raw)
    assert str(refusal.value) == RULES[field]


@pytest.mark.parametrize("raw", [b"[]", b"1", b'"a"', b"null", b"true", b"{}", b"[{}]"])
def test_json_that_is_no_transaction_breaks_a_rule(raw: bytes) -> None:
    """JSON of another shape breaks a rule; it is no malformed body."""
    with pytest.raises(RuleBrokenError):
        decode_transacao(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"{",
        b"abc",
        b"valor=1&tipo=c&descricao=a",
        body()[:-1],
        body() + b"x",
        body() + body(),
        b'{"valor": "x"',
        b'{"valor": 0, "tipo": "c", "descricao": "a",}',
        b'{"valor": 01, "tipo": "c", "descricao": "a"}',
        b"{'valor': 1, 'tipo': 'c', 'descricao': 'a'}",
        b'{"valor": NaN, "tipo": "c", "descricao": "a"}',
        b'{"valor": 1, "tipo": "c", "descricao": "\xff"}',
        b'{"valor": 1, "tipo": "c", "descricao": "a", "x": "\xff"}',
        b'{"valor": 1, "tipo": "c", "descricao": "a\nb"}',
        b'{"valor": 1, "tipo": "c", "descricao": "\\ud800"}',
        b'\xef\xbb\xbf{"valor": 1, "tipo": "c", "descricao": "a"}',
        body().decode().encode("utf-16"),
        b'{"valor": 1, "tipo": "c", "descricao": "a", "x": ' + b"[" * 1000 + b"]" * 1000 + b"}",
        b"[" * 2000 + b"]" * 2000,
        b'{"a":' * 400 + b"1" + b"}" * 400,
        b"[" * BODY_MAX_BYTES,
    ],
)
def test_what_is_not_json_is_malformed(raw: bytes) -> None:
    """Bytes that are not JSON, not UTF-8 or nested too deep are malformed."""
    with pytest.raises(MalformedBodyError):
        decode_transacao(raw)


def test_a_body_over_the_limit_is_not_even_parsed() -> None:
    """The decoder itself limits the body, and not only the proxy."""
    padded = body() + b" " * BODY_MAX_BYTES
    assert decode_transacao(padded[:BODY_MAX_BYTES]) == Transacao(1, "c", "abc")
    with pytest.raises(BodyTooLargeError):
        decode_transacao(padded[: BODY_MAX_BYTES + 1])


@pytest.mark.parametrize(
    ("time_us", "expected"),
    [
        (0, "1970-01-01T00:00:00.000000Z"),
        (1_705_458_881_217_753, "2024-01-17T02:34:41.217753Z"),
        (1_705_458_881_000_000, "2024-01-17T02:34:41.000000Z"),
        (1_705_458_881_000_001, "2024-01-17T02:34:41.000001Z"),
    ],
)
def test_times_are_shown_in_utc_with_six_decimals(time_us: int, expected: str) -> None:
    """A time always has six decimals, even on a whole second."""
    assert utc(time_us) == expected


@pytest.mark.parametrize(
    "spare",
    [b'"' + b"[" * 40 + b'"', b"[" + b",".join([b"{}"] * 40) + b"]", b'"\\"[[' + b"{" * 40 + b'"'],
)
def test_brackets_that_do_not_nest_are_not_counted(spare: bytes) -> None:
    """Only the depth is limited: brackets in a string or side by side are plain JSON."""
    raw = b'{"valor": 1, "tipo": "c", "descricao": "abc", "x": ' + spare + b"}"
    assert decode_transacao(raw) == Transacao(1, "c", "abc")


def test_a_value_that_looks_like_a_field_does_not_change_the_reason() -> None:
    """The reason is the rule of the field that broke it, even if its value names another field."""
    with pytest.raises(RuleBrokenError) as refusal:
        decode_transacao(body(tipo="`valor`"))
    assert str(refusal.value) == RULES["tipo"]
