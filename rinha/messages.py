"""What travels: the structs, and bytes in and out. Imports errors and settings."""

import re
import time
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from rinha.errors import BodyTooLargeError, InvalidTransacaoError, MalformedBodyError
from rinha.settings import (
    BODY_MAX_BYTES,
    BODY_MAX_DEPTH,
    DESCRICAO_MAX_CHARACTERS,
    VALOR_MAX,
)


class Transacao(msgspec.Struct, frozen=True, gc=False):
    """The validation rule: what a client may send."""

    valor: Annotated[int, msgspec.Meta(ge=1, le=VALOR_MAX)]
    tipo: Literal["c", "d"]
    descricao: Annotated[str, msgspec.Meta(min_length=1, max_length=DESCRICAO_MAX_CHARACTERS)]


RULES = {
    "valor": f"valor must be an integer from 1 to {VALOR_MAX}, in cents",
    "tipo": 'tipo must be "c" (credit) or "d" (debit)',
    "descricao": f"descricao must be a string of 1 to {DESCRICAO_MAX_CHARACTERS} characters",
}


class Resultado(msgspec.Struct, frozen=True, gc=False):
    """What a transaction left behind."""

    limite: int
    saldo: int


class Saldo(msgspec.Struct, frozen=True, gc=False):
    total: int
    data_extrato: str
    limite: int


class TransacaoRealizada(msgspec.Struct, frozen=True, gc=False):
    valor: int
    tipo: str
    descricao: str
    realizada_em: str


class Extrato(msgspec.Struct, frozen=True, gc=False):
    """A statement: the balance and the newest transactions of one moment, newest first."""

    saldo: Saldo
    ultimas_transacoes: list[TransacaoRealizada]


class ClienteAudit(NamedTuple):
    """What an audit saw of one client."""

    cliente: int
    limite: int
    saldo: int
    transacoes: int
    sum_of_rows: int
    lowest_saldo: int


class Audit(NamedTuple):
    """What an audit found; no problems is what it hopes for."""

    problems: list[str]
    clientes: list[ClienteAudit]


class Refusal(msgspec.Struct, frozen=True):
    error: str


# Strings are matched to be passed over.
BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"|[][{}]', re.DOTALL)
EPOCH = datetime.fromtimestamp(0, UTC)

encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Transacao).decode
# Numbers too large for a float are JSON all the same.
_decode_anything = msgspec.json.Decoder(float_hook=str).decode


def decode_transacao(body: bytes) -> Transacao:
    if len(body) > BODY_MAX_BYTES:
        raise BodyTooLargeError(f"the body is longer than {BODY_MAX_BYTES} bytes")
    if body.count(b"[") + body.count(b"{") > BODY_MAX_DEPTH and _depth(body) > BODY_MAX_DEPTH:
        raise MalformedBodyError("the body is nested too deeply")
    try:
        # As text, because fields that are skipped over would not be checked for UTF-8.
        return _decode(body.decode())
    except msgspec.ValidationError as error:
        _assert_is_json(body)
        raise InvalidTransacaoError(_broken_rule(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedBodyError(f"the body is not JSON in UTF-8: {error}") from None


def _depth(body: bytes) -> int:
    """How deep the brackets go that are not inside a string."""
    depth = deepest = 0
    for bracket in BRACKETS.findall(body):
        depth += (bracket in b"[{") - (bracket in b"]}")
        deepest = max(depth, deepest)
    return deepest


def _assert_is_json(body: bytes) -> None:
    """A rule can be seen broken before the end is: what is cut short is still not JSON."""
    try:
        _decode_anything(body)
    except msgspec.DecodeError as error:
        raise MalformedBodyError(f"the body is not JSON in UTF-8: {error}") from None


def _broken_rule(complaint: str) -> str:
    for field, rule in RULES.items():
        if complaint.endswith((f"`$.{field}`", f"field `{field}`")):
            return rule
    return "the body must be a JSON object with valor, tipo and descricao"


def extrato_of(rows: list[tuple[Any, ...]]) -> Extrato:
    """From rows of limit, balance and one transaction each, which a new client does not have."""
    limite, total = rows[0][:2]
    ultimas = [
        TransacaoRealizada(valor, tipo, descricao, utc(realizada_em_us))
        for _, _, valor, tipo, descricao, realizada_em_us in rows
        if valor is not None
    ]
    return Extrato(Saldo(total, utc(time.time_ns() // 1000), limite), ultimas)


def utc(time_us: int) -> str:
    """Microseconds since 1970 as the API shows a moment, always with six decimals."""
    moment = EPOCH + timedelta(microseconds=time_us)
    return moment.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"
