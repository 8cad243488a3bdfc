"""The mix: 22 debits, 11 credits, 1 statement, shuffled per cycle, as bytes ready to send.

A plan may have other weights, and only some of the clients.
"""

import json
import string
from collections.abc import Sequence
from random import Random
from typing import Any

from loadtest.crebitos.contract import CLIENTES, fingerprint
from loadtest.limits import CYCLES_BUILT
from loadtest.wire.request import CHECK, Address, Kind, Request, get, post

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


def extrato(target: Address, cliente: int, *, reuse: bool = True) -> LedgerRequest:
    return LedgerRequest(get(target, f"/clientes/{cliente}/extrato"), cliente, reuse=reuse)


def transacao(
    target: Address, cliente: int, delta: int, descricao: str, *, reuse: bool = True
) -> LedgerRequest:
    """Returns a credit if delta is positive, a debit if it is negative."""
    tipo = "c" if delta > 0 else "d"
    data = _post(target, cliente, {"valor": abs(delta), "tipo": tipo, "descricao": descricao})
    row = fingerprint(abs(delta), tipo, descricao)
    return LedgerRequest(data, cliente, delta, row, reuse=reuse)


def _post(target: Address, cliente: int, fields: dict[str, Any]) -> bytes:
    return post(target, f"/clientes/{cliente}/transacoes", json.dumps(fields).encode())


class BadRequest(Request):
    """A body that must be refused, and the effects it may have if it is accepted."""

    __slots__ = ("effects", "name")

    def __init__(self, target: Address, cliente: int, name: str, fields: dict[str, Any]) -> None:
        super().__init__(CHECK, _post(target, cliente, fields))
        self.name = name
        # A service that accepts an unknown `tipo` may apply it as a credit or as a debit.
        signs = {"c": (1,), "d": (-1,)}.get(fields["tipo"], (1, -1))
        valor = int(fields["valor"])
        row = fingerprint(valor, str(fields["tipo"]), str(fields["descricao"] or ""))
        self.effects = [LedgerRequest(self.data, cliente, sign * valor, row) for sign in signs]


def random_request(
    kind: Kind,
    target: Address,
    random: Random,
    *,
    reuse: bool = True,
    clientes: Sequence[int] = CLIENTES,
) -> LedgerRequest:
    """Returns a random request of the load, drawn as in the official run."""
    cliente = random.choice(clientes)
    if kind == EXTRATO:
        return extrato(target, cliente, reuse=reuse)
    valor = random.randint(1, VALOR_MAX)
    descricao = "".join(random.choices(LETTERS, k=10))
    delta = valor if kind == CREDIT else -valor
    return transacao(target, cliente, delta, descricao, reuse=reuse)


def shuffled_cycle(random: Random, cycle: Sequence[Kind] = CYCLE) -> list[Kind]:
    kinds = list(cycle)
    random.shuffle(kinds)
    return kinds


def build_requests(  # noqa: PLR0913 - the parts of a plan that shape its requests
    target: Address,
    seed: int,
    *,
    reuse: bool = True,
    cycles: int = CYCLES_BUILT,
    cycle: Sequence[Kind] = CYCLE,
    clientes: Sequence[int] = CLIENTES,
) -> list[LedgerRequest]:
    """Returns whole cycles of requests; the same seed gives the same bytes in the same order.

    Fewer cycles are built of a mix whose cycle is longer than the official one.
    """
    random = Random(seed)
    return [
        random_request(kind, target, random, reuse=reuse, clientes=clientes)
        for _ in range(min(cycles, max(1, cycles * len(CYCLE) // len(cycle))))
        for kind in shuffled_cycle(random, cycle)
    ]
