"""Idempotency keys: the header that carries one, and the outcome that a ledger keeps for it.

The header is that of draft-ietf-httpapi-idempotency-key-header-07: a string of RFC 8941 in double
quotes. Parameters after it are allowed there, and mean nothing.
"""

import re
from typing import NamedTuple

from rinha.crebitos.ledger import LimiteExceededError
from rinha.crebitos.limits import CHAVE_MAX_CHARACTERS
from rinha.crebitos.messages import Resultado, Transacao
from rinha.errors import MalformedHeaderError, RuleBrokenError

# The header, as WSGI names it.
HEADER = "HTTP_IDEMPOTENCY_KEY"
RULE = (
    f"Idempotency-Key must be one string of 1 to {CHAVE_MAX_CHARACTERS} printable ASCII characters "
    'in double quotes, such as "8e03978e-40d5-43e8-bc93-6894a57f9324"'
)

_STRING = r'"(?:[ !#-\[\]-~]|\\["\\])*"'
_NUMBER = r"-?(?:[0-9]{1,12}\.[0-9]{1,3}|[0-9]{1,15})"
_TOKEN = r"[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*"  # noqa: S105 - a pattern
_BYTES = r":[A-Za-z0-9+/=]*:"
_PARAMETER = rf"; *[a-z*][a-z0-9_.*-]*(?:=(?:{_STRING}|{_NUMBER}|{_TOKEN}|{_BYTES}|\?[01]))?"
# No text matches a parameter in two ways: the tries would double with each parameter.
_ITEM = re.compile(rf" *({_STRING})(?:{_PARAMETER})* *")
_ESCAPED = re.compile(r"\\(.)")


class MalformedKeyError(MalformedHeaderError):
    """The header is not one string of the right length."""


class KeyReusedError(RuleBrokenError):
    """The key was used before, with another client or another body."""


class Outcome(NamedTuple):
    """Request of a key, and its answer as the first time."""

    cliente: int
    pedido: str
    limite: int
    saldo: int
    # Empty, or the reason of the refusal.
    recusa: str

    def answer(self, cliente: int, pedido: str) -> Resultado:
        """Returns or raises the answer to this request, which may be another one."""
        if (self.cliente, self.pedido) != (cliente, pedido):
            raise KeyReusedError(
                "this Idempotency-Key was used before, with another client or body"
            )
        if self.recusa:
            raise LimiteExceededError(self.recusa)
        return Resultado(self.limite, self.saldo)


def chave_of(header: str) -> str:
    """Returns the key in the header, without its quotes and escapes."""
    found = _ITEM.fullmatch(header)
    chave = found[1][1:-1] if found else ""
    if "\\" in chave:
        chave = _ESCAPED.sub(r"\1", chave)
    if not 1 <= len(chave) <= CHAVE_MAX_CHARACTERS:
        raise MalformedKeyError(RULE)
    return chave


def pedido_of(transacao: Transacao) -> str:
    """Returns the body in one spelling. The letter ends the number, so no two bodies share it."""
    return f"{transacao.valor}{transacao.tipo}{transacao.descricao}"
