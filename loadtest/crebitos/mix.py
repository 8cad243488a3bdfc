"""The mix: 22 debits, 11 credits, 1 statement, shuffled per cycle, as bytes ready to send."""

import json
import string
from collections.abc import Sequence
from random import Random
from typing import Any

from loadtest.crebitos.contract import CLIENTES, fingerprint
from loadtest.limits import CYCLES_BUILT
from loadtest.wire.request import CHECK, Kind, Request, get, post

# A debit may be refused, nothing else may.
DEBIT = Kind(1, "debits", frozenset({200, 422}))
CREDIT = Kind(2, "credits")
EXTRATO = Kind(3, "statements")
KINDS = (DEBIT, CREDIT, EXTRATO, CHECK)

CYCLE = (DEBIT,) * 22 + (CREDIT,) * 11 + (EXTRATO,)
VALOR_MAX = 10_000
LETTERS = string.ascii_letters + string.digits


class LedgerRequest(Request):
    """A credit, whose delta is positive, a debit, whose delta is negative, or a statement."""

    __slots__ = ("cliente", "delta", "fingerprint")

    def __init__(
        self, data: bytes, cliente: int, delta: int = 0, row: int = 0, *, reuse: bool = True
    ) -> None:
        kind = EXTRATO if not delta else CREDIT if delta > 0 else DEBIT
        super().__init__(kind, data, reuse=reuse)
        self.cliente = cliente
        self.delta = delta
        self.fingerprint = row


def extrato(host: str, cliente: int, *, reuse: bool = True) -> LedgerRequest:
    return LedgerRequest(get(host, f"/clientes/{cliente}/extrato"), cliente, reuse=reuse)


def transacao(
    host: str, cliente: int, delta: int, descricao: str, *, reuse: bool = True
) -> LedgerRequest:
    """Returns a credit if delta is positive, a debit if it is negative."""
    tipo = "c" if delta > 0 else "d"
    data = _post(host, cliente, {"valor": abs(delta), "tipo": tipo, "descricao": descricao})
    row = fingerprint(abs(delta), tipo, descricao)
    return LedgerRequest(data, cliente, delta, row, reuse=reuse)


def _post(host: str, cliente: int, fields: dict[str, Any]) -> bytes:
    return post(host, f"/clientes/{cliente}/transacoes", json.dumps(fields).encode())


class BadRequest(Request):
    """A body that must be refused, and the effects it may have if it is accepted."""

    __slots__ = ("effects", "name")

    def __init__(self, host: str, cliente: int, name: str, fields: dict[str, Any]) -> None:
        super().__init__(CHECK, _post(host, cliente, fields))
        self.name = name
        # A service that accepts an unknown `tipo` may apply it as a credit or as a debit.
        signs = {"c": (1,), "d": (-1,)}.get(fields["tipo"], (1, -1))
        valor = int(fields["valor"])
        row = fingerprint(valor, str(fields["tipo"]), str(fields["descricao"] or ""))
        self.effects = [LedgerRequest(self.data, cliente, sign * valor, row) for sign in signs]


def random_request(kind: Kind, host: str, random: Random, *, reuse: bool = True) -> LedgerRequest:
    """Returns a random request of the load, drawn as in the official run."""
    cliente = random.choice(CLIENTES)
    if kind == EXTRATO:
        return extrato(host, cliente, reuse=reuse)
    valor = random.randint(1, VALOR_MAX)
    descricao = "".join(random.choices(LETTERS, k=10))
    delta = valor if kind == CREDIT else -valor
    return transacao(host, cliente, delta, descricao, reuse=reuse)


def shuffled_cycle(random: Random, cycle: Sequence[Kind] = CYCLE) -> list[Kind]:
    kinds = list(cycle)
    random.shuffle(kinds)
    return kinds


def build_requests(
    host: str,
    seed: int,
    *,
    reuse: bool = True,
    cycles: int = CYCLES_BUILT,
    cycle: Sequence[Kind] = CYCLE,
) -> list[LedgerRequest]:
    """Returns whole cycles of requests; the same seed gives the same bytes in the same order."""
    random = Random(seed)
    return [
        random_request(kind, host, random, reuse=reuse)
        for _ in range(cycles)
        for kind in shuffled_cycle(random, cycle)
    ]
