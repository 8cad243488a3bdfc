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
    """A transaction with its delta, or a statement, whose delta is 0."""

    __slots__ = ("cliente", "delta", "descricao", "fingerprint")

    def __init__(self, kind: Kind, data: bytes, cliente: int, *, reuse: bool) -> None:
        super().__init__(kind, data, reuse=reuse)
        self.cliente = cliente
        self.delta = 0
        self.descricao = ""
        self.fingerprint = 0


def extrato(host: str, cliente: int, *, reuse: bool = True) -> LedgerRequest:
    data = get(host, f"/clientes/{cliente}/extrato")
    return LedgerRequest(EXTRATO, data, cliente, reuse=reuse)


def transacao(
    host: str, cliente: int, delta: int, descricao: str, *, reuse: bool = True
) -> LedgerRequest:
    """Returns a credit if delta is positive, a debit if it is negative."""
    tipo = "c" if delta > 0 else "d"
    fields = {"valor": abs(delta), "tipo": tipo, "descricao": descricao}
    data = post(host, f"/clientes/{cliente}/transacoes", json.dumps(fields).encode())
    request = LedgerRequest(CREDIT if delta > 0 else DEBIT, data, cliente, reuse=reuse)
    request.delta = delta
    request.descricao = descricao
    request.fingerprint = fingerprint(abs(delta), tipo, descricao)
    return request


class BadRequest(Request):
    """A body that must be refused, and the effects it may have if it is accepted."""

    __slots__ = ("effects", "name")

    def __init__(self, host: str, cliente: int, name: str, fields: dict[str, Any]) -> None:
        data = post(host, f"/clientes/{cliente}/transacoes", json.dumps(fields).encode())
        super().__init__(CHECK, data)
        self.name = name
        # A service that accepts an unknown `tipo` may apply it as a credit or as a debit.
        signs = {"c": (1,), "d": (-1,)}.get(fields["tipo"], (1, -1))
        self.effects = [
            self._effect(cliente, sign * int(fields["valor"]), fields) for sign in signs
        ]

    def _effect(self, cliente: int, delta: int, fields: dict[str, Any]) -> LedgerRequest:
        effect = LedgerRequest(CHECK, self.data, cliente, reuse=True)
        effect.delta = delta
        row = abs(delta), str(fields["tipo"]), str(fields["descricao"] or "")
        effect.fingerprint = fingerprint(*row)
        return effect


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
