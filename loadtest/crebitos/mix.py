"""The mix: 22 debits, 11 credits, 1 statement, shuffled per cycle, as bytes ready to send."""

import json
import string
from random import Random

from loadtest.crebitos.contract import CLIENTES, fingerprint
from loadtest.limits import CYCLES_BUILT
from loadtest.wire.outcome import STATUS_BITS, Kind

CYCLE = (Kind.DEBIT,) * 22 + (Kind.CREDIT,) * 11 + (Kind.STATEMENT,)
VALOR_MAX = 10_000
LETTERS = string.ascii_letters + string.digits


class Request:
    """One request: its bytes, and what a judge must know to read the answer."""

    __slots__ = (
        "asks_statement",
        "client",
        "data",
        "delta",
        "descricao",
        "fingerprint",
        "key",
        "kind",
        "reuse",
    )

    def __init__(self, kind: Kind, data: bytes, client: int = 0, *, reuse: bool = True) -> None:
        self.kind = kind
        self.data = data
        self.client = client
        self.reuse = reuse
        self.key = int(kind) << STATUS_BITS
        self.asks_statement = kind == Kind.STATEMENT
        self.delta = 0
        self.descricao = ""
        self.fingerprint = 0

    def as_check(self) -> "Request":
        """The same question, reported among the checks."""
        self.kind = Kind.CHECK
        self.key = int(Kind.CHECK) << STATUS_BITS
        return self


def head(method: str, path: str, host: str, length: int | None = None) -> bytes:
    """The request head every question of ours is sent with."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", "Accept: application/json"]
    if length is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {length}"]
    return "\r\n".join([*lines, "", ""]).encode()


def post(host: str, path: str, body: bytes) -> bytes:
    return head("POST", path, host, len(body)) + body


def statement(host: str, client: int, *, reuse: bool = True) -> Request:
    data = head("GET", f"/clientes/{client}/extrato", host)
    return Request(Kind.STATEMENT, data, client, reuse=reuse)


def transaction(
    host: str, client: int, delta: int, descricao: str, *, reuse: bool = True
) -> Request:
    """A credit when delta is positive, a debit when it is negative."""
    tipo = "c" if delta > 0 else "d"
    fields = {"valor": abs(delta), "tipo": tipo, "descricao": descricao}
    data = post(host, f"/clientes/{client}/transacoes", json.dumps(fields).encode())
    kind = Kind.CREDIT if delta > 0 else Kind.DEBIT
    request = Request(kind, data, client, reuse=reuse)
    request.delta = delta
    request.descricao = descricao
    request.fingerprint = fingerprint(abs(delta), tipo, descricao)
    return request


def random_request(kind: Kind, host: str, chance: Random, *, reuse: bool = True) -> Request:
    """A request of the load as the official run draws it."""
    client = chance.choice(CLIENTES)
    if kind == Kind.STATEMENT:
        return statement(host, client, reuse=reuse)
    valor = chance.randint(1, VALOR_MAX)
    descricao = "".join(chance.choices(LETTERS, k=10))
    delta = valor if kind == Kind.CREDIT else -valor
    return transaction(host, client, delta, descricao, reuse=reuse)


def shuffled_cycle(chance: Random) -> list[Kind]:
    kinds = list(CYCLE)
    chance.shuffle(kinds)
    return kinds


def build_requests(
    host: str, seed: int, *, reuse: bool = True, cycles: int = CYCLES_BUILT
) -> list[Request]:
    """Whole cycles of requests; the same seed gives the same bytes in the same order."""
    chance = Random(seed)
    return [
        random_request(kind, host, chance, reuse=reuse)
        for _ in range(cycles)
        for kind in shuffled_cycle(chance)
    ]
