"""Bodies of requests and answers."""

import time
from collections.abc import Iterable
from typing import Annotated, Literal

import msgspec

from rinha.bodies import decoder_of, utc
from rinha.crebitos.limits import BODY_MAX_BYTES, DESCRICAO_MAX_CHARACTERS, VALOR_MAX


class Transacao(msgspec.Struct, frozen=True, gc=False):
    """Body of a transaction, and the rules that validate it."""

    valor: Annotated[int, msgspec.Meta(ge=1, le=VALOR_MAX)]
    tipo: Literal["c", "d"]
    descricao: Annotated[str, msgspec.Meta(min_length=1, max_length=DESCRICAO_MAX_CHARACTERS)]


RULES = {
    "valor": f"valor must be an integer from 1 to {VALOR_MAX}, in cents",
    "tipo": 'tipo must be "c" (credit) or "d" (debit)',
    "descricao": f"descricao must be a string of 1 to {DESCRICAO_MAX_CHARACTERS} characters",
}

decode_transacao = decoder_of(
    Transacao,
    RULES,
    "the body must be a JSON object with valor, tipo and descricao",
    max_bytes=BODY_MAX_BYTES,
)


class Resultado(msgspec.Struct, frozen=True, gc=False):
    """Answer to a transaction: the client's limit and balance after it."""

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
    """Statement: the balance and the newest transactions of one snapshot, newest first."""

    saldo: Saldo
    ultimas_transacoes: list[TransacaoRealizada]


def extrato_of(limite: int, total: int, rows: Iterable[tuple[int, str, str, int]]) -> Extrato:
    """Returns a statement from a balance and rows of valor, tipo, descricao and microseconds."""
    ultimas = [
        TransacaoRealizada(valor, tipo, descricao, utc(realizada_em_us))
        for valor, tipo, descricao, realizada_em_us in rows
    ]
    return Extrato(Saldo(total, utc(time.time_ns() // 1000), limite), ultimas)
