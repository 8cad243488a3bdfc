"""The virtual users of the official run's first three steps.

Each is a generator: it yields requests to send together and gets their answers back.
"""

import json
from collections.abc import Generator

from loadtest.crebitos.contract import CLIENTE_DESCONHECIDO
from loadtest.crebitos.mix import Request, post, statement, transaction
from loadtest.crebitos.official.checks import (
    answered_trouble,
    newest_trouble,
    opening_trouble,
    rows_trouble,
    status_trouble,
    total_trouble,
    transaction_trouble,
)
from loadtest.crebitos.official.judge import Judge
from loadtest.wire.outcome import Kind
from loadtest.wire.probe import Answer

User = Generator[list[Request], list[Answer], None]

TOGETHER = 25
STATEMENTS_TOGETHER = 4
BAD_FIELDS: list[tuple[str, dict[str, object]]] = [
    ("valor 1.2", {"valor": 1.2, "tipo": "d", "descricao": "devolve"}),
    ("tipo x", {"valor": 1, "tipo": "x", "descricao": "devolve"}),
    ("long descricao", {"valor": 1, "tipo": "c", "descricao": "123456789 e mais um pouco"}),
    ("empty descricao", {"valor": 1, "tipo": "c", "descricao": ""}),
    ("null descricao", {"valor": 1, "tipo": "c", "descricao": None}),
]


def one_transaction(judge: Judge, host: str, delta: int) -> User:
    """One of the 25 who move client 1 by one cent at the same moment."""
    request = transaction(host, 1, delta, "validacao", reuse=False).as_check()
    [answer] = yield [request]
    judge.judge(request, answer, status_trouble(answer, 200))


def statement_shows(judge: Judge, host: str, total: int) -> User:
    """The statement after 25 at once: its total is the first thing money depends on."""
    request = statement(host, 1, reuse=False).as_check()
    [answer] = yield [request]
    judge.judge(request, answer, total_trouble(answer, total))


def unknown_client(judge: Judge, host: str) -> User:
    request = statement(host, CLIENTE_DESCONHECIDO, reuse=False).as_check()
    [answer] = yield [request]
    judge.judge(request, answer, status_trouble(answer, 404))


def one_client(judge: Judge, host: str, client: int) -> User:
    """Step 3 for one client: a credit and a debit, their rows, and five bodies to refuse."""
    request = statement(host, client).as_check()
    [answer] = yield [request]
    judge.judge(request, answer, opening_trouble(answer, client), overlaps=True)
    for delta, descricao in ((1, "toma"), (-1, "devolve")):
        request = transaction(host, client, delta, descricao).as_check()
        [answer] = yield [request]
        judge.judge(request, answer, transaction_trouble(answer, 200))
    request = statement(host, client).as_check()
    [answer] = yield [request]
    rows = (("devolve", "d", 1), ("toma", "c", 1))
    judge.judge(request, answer, rows_trouble(answer, *rows), overlaps=True)
    request = transaction(host, client, 1, "danada").as_check()
    [credit] = yield [request]
    trouble = answered_trouble(credit)
    judge.judge(request, credit, trouble)
    if trouble is None:
        requests = [statement(host, client).as_check() for _ in range(STATEMENTS_TOGETHER)]
        answers = yield requests
        for request, answer in zip(requests, answers, strict=True):
            trouble = newest_trouble(answer, ("danada", "c", 1), credit)
            judge.judge(request, answer, trouble, overlaps=True)
    else:
        judge.leave_out(STATEMENTS_TOGETHER)
    for _name, fields in BAD_FIELDS:
        body = json.dumps(fields).encode()
        request = Request(Kind.CHECK, post(host, f"/clientes/{client}/transacoes", body))
        [answer] = yield [request]
        judge.judge(request, answer, status_trouble(answer, 422, 400))
