"""The contract: its constants, and the parsers of its answers."""

import re
from dataclasses import dataclass
from typing import Any, TypeVar
from zlib import crc32

from loadtest.limits import ROWS_READ_MAX
from loadtest.wire.document import ContractBrokenError, read_document

LIMITES = {1: 100_000, 2: 80_000, 3: 1_000_000, 4: 10_000_000, 5: 500_000}
CLIENTES = tuple(LIMITES)
CLIENTE_DESCONHECIDO = 6
BELOW_LIMIT = "balance below -limite"
# Bodies of the official run that must be refused.
BAD_FIELDS: dict[str, dict[str, object]] = {
    "valor 1.2": {"valor": 1.2, "tipo": "d", "descricao": "devolve"},
    "tipo x": {"valor": 1, "tipo": "x", "descricao": "devolve"},
    "descricao of 25 characters": {
        "valor": 1, "tipo": "c", "descricao": "123456789 e mais um pouco",
    },
    "descricao empty": {"valor": 1, "tipo": "c", "descricao": ""},
    "descricao null": {"valor": 1, "tipo": "c", "descricao": None},
}  # fmt: skip
ROWS_MAX = 10  # transactions in a statement
INTEGER_MAX = 2**53  # JSON parsers disagree about larger integers

Value = TypeVar("Value", int, str)
JSON_TYPES: dict[type, str] = {
    type(None): "null",
    bool: "boolean",
    int: "number",
    float: "float",
    str: "string",
    list: "list",
    dict: "object",
}

# Fifteen digits are always below INTEGER_MAX; longer numbers take the slow path.
# JSON allows no leading zero, and as white space only these four characters.
_SALDO_SHAPE = re.compile(
    rb'_*\{_*"limite"_*:_*(NUMBER)_*,_*"saldo"_*:_*(-?NUMBER)_*\}_*'.replace(
        b"NUMBER", rb"(?:0|[1-9]\d{0,14})"
    ).replace(b"_", rb"[ \t\r\n]")
)


def fingerprint(valor: int, tipo: str, descricao: str) -> int:
    """Returns 32 bits that stand for one transaction row."""
    return crc32(f"{valor}{tipo}{descricao}".encode(errors="replace"))


def read_saldo(body: bytes) -> tuple[int, int]:
    """Returns limit and balance from a transaction's answer; the usual shape takes a fast path."""
    shape = _SALDO_SHAPE.fullmatch(body)
    if shape:
        return int(shape[1]), int(shape[2])
    answer = read_object(body)
    return read_integer(answer, "limite"), read_integer(answer, "saldo")


def read_object(body: bytes) -> dict[str, Any]:
    answer = read_document(body)
    if not isinstance(answer, dict):
        raise ContractBrokenError("the answer is not a JSON object")
    return answer


def read_integer(answer: dict[str, Any], field: str) -> int:
    value = _read(answer, field, int, "an integer")
    if abs(value) > INTEGER_MAX:
        raise ContractBrokenError(f"`{field}` is beyond 2^53")
    return value


def read_text(answer: dict[str, Any], field: str) -> str:
    return _read(answer, field, str, "a string")


def _read(answer: dict[str, Any], field: str, wanted: type[Value], named: str) -> Value:
    value = answer.get(field, ...)
    if value is ...:
        raise ContractBrokenError(f"`{field}` is missing")
    if type(value) is not wanted:
        raise ContractBrokenError(f"`{field}` is a {JSON_TYPES[type(value)]}, not {named}")
    return value


@dataclass(frozen=True, slots=True)
class Transacao:
    """One row of a statement."""

    valor: int
    tipo: str
    descricao: str
    realizada_em: str

    @property
    def fingerprint(self) -> int:
        return fingerprint(self.valor, self.tipo, self.descricao)


@dataclass(frozen=True, slots=True)
class Extrato:
    """A statement as answered."""

    total: int
    limite: int
    data_extrato: str
    transacoes: tuple[Transacao, ...]

    @property
    def fingerprints(self) -> tuple[int, ...]:
        return tuple(transacao.fingerprint for transacao in self.transacoes)


def read_extrato(body: bytes) -> Extrato:
    """Parses a statement; ContractBrokenError says what is wrong with its shape."""
    answer = read_object(body)
    saldo, transacoes = answer.get("saldo"), answer.get("ultimas_transacoes")
    if not isinstance(saldo, dict):
        raise ContractBrokenError("`saldo` is not an object")
    if not isinstance(transacoes, list):
        raise ContractBrokenError("`ultimas_transacoes` is not a list")
    if len(transacoes) > ROWS_READ_MAX:
        raise ContractBrokenError(f"statement with more than {ROWS_READ_MAX} rows")
    return Extrato(
        read_integer(saldo, "total"),
        read_integer(saldo, "limite"),
        read_text(saldo, "data_extrato"),
        tuple(map(_read_transacao, transacoes)),
    )


def _read_transacao(row: object) -> Transacao:
    if not isinstance(row, dict):
        raise ContractBrokenError("a row of `ultimas_transacoes` is not an object")
    transacao = Transacao(
        read_integer(row, "valor"),
        read_text(row, "tipo"),
        read_text(row, "descricao"),
        read_text(row, "realizada_em"),
    )
    if transacao.tipo not in {"c", "d"}:
        raise ContractBrokenError("a row's `tipo` is neither `c` nor `d`")
    return transacao
