"""The virtual users of the official run's first three steps.

Each is a generator: it yields requests to send together and gets their answers back. Imports
contract, judge, mix, outcome and probe.
"""

import json
from collections.abc import Generator

from loadtest.contract import (
    CLIENTE_DESCONHECIDO,
    LIMITES,
    ContractBrokenError,
    Extrato,
    read_extrato,
    read_saldo,
)
from loadtest.judge import Judge
from loadtest.mix import Request, post, statement, transaction
from loadtest.outcome import Kind
from loadtest.probe import Answer

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


class WrongAnswerError(ContractBrokenError):
    """An answer other than the one this step must get."""


def one_transaction(judge: Judge, host: str, delta: int) -> User:
    """One of the 25 who move client 1 by one cent at the same moment."""
    request = transaction(host, 1, delta, "validacao", reuse=False).as_check()
    [answer] = yield [request]
    judge.judge(request, answer, status_trouble(answer, 200))


def statement_shows(judge: Judge, host: str, total: int) -> User:
    """The statement after 25 at once: its total is the first thing money depends on."""
    request = statement(host, 1, reuse=False).as_check()
    [answer] = yield [request]
    trouble = status_trouble(answer, 200)
    if trouble is None:
        trouble = _statement_trouble(answer, 1, total, ())
    judge.judge(request, answer, trouble, is_consistency=trouble is not None)


def unknown_client(judge: Judge, host: str) -> User:
    request = statement(host, CLIENTE_DESCONHECIDO, reuse=False).as_check()
    [answer] = yield [request]
    judge.judge(request, answer, status_trouble(answer, 404))


def one_client(judge: Judge, host: str, client: int) -> User:
    """Step 3 for one client: a credit and a debit, their rows, and five bodies to refuse."""
    request = statement(host, client).as_check()
    [answer] = yield [request]
    judge.judge(request, answer, _statement_trouble(answer, client, 0, ()), overlaps=True)
    for delta, descricao in ((1, "toma"), (-1, "devolve")):
        request = transaction(host, client, delta, descricao).as_check()
        [answer] = yield [request]
        judge.judge(request, answer, _transaction_trouble(answer, client))
    request = statement(host, client).as_check()
    [answer] = yield [request]
    rows = (("devolve", "d", 1), ("toma", "c", 1))
    judge.judge(request, answer, _statement_trouble(answer, client, None, rows), overlaps=True)
    request = transaction(host, client, 1, "danada").as_check()
    [answer] = yield [request]
    judge.judge(request, answer, _transaction_trouble(answer, client))
    saldo = _saldo(answer)
    requests = [statement(host, client).as_check() for _ in range(STATEMENTS_TOGETHER)]
    answers = yield requests
    for request, answer in zip(requests, answers, strict=True):
        trouble = _statement_trouble(answer, client, saldo, (("danada", "c", 1),))
        judge.judge(request, answer, trouble, overlaps=True)
    for _name, fields in BAD_FIELDS:
        body = json.dumps(fields).encode()
        request = Request(Kind.CHECK, post(host, f"/clientes/{client}/transacoes", body))
        [answer] = yield [request]
        judge.judge(request, answer, status_trouble(answer, 422, 400))


def status_trouble(answer: Answer, *allowed: int) -> str | None:
    if answer.code in allowed:
        return None
    return f"status must be {' or '.join(map(str, allowed))}"


def _saldo(answer: Answer) -> int | None:
    try:
        return read_saldo(answer.body)[1]
    except ContractBrokenError:
        return None


def _transaction_trouble(answer: Answer, client: int) -> str | None:
    if answer.code != 200:
        return status_trouble(answer, 200)
    try:
        limite, _ = read_saldo(answer.body)
    except ContractBrokenError as broken:
        return str(broken)
    return None if limite == LIMITES[client] else f"`limite` must be {LIMITES[client]}"


def _statement_trouble(
    answer: Answer, client: int, total: int | None, rows: tuple[tuple[str, str, int], ...]
) -> str | None:
    if answer.code != 200:
        return status_trouble(answer, 200)
    try:
        extrato = read_extrato(answer.body)
    except ContractBrokenError as broken:
        return str(broken)
    return _extrato_trouble(extrato, client, total, rows)


def _extrato_trouble(
    extrato: Extrato, client: int, total: int | None, rows: tuple[tuple[str, str, int], ...]
) -> str | None:
    if extrato.limite != LIMITES[client]:
        return f"`limite` must be {LIMITES[client]}"
    if total is not None and extrato.total != total:
        return f"total must be {total}, it is {extrato.total}"
    shown = tuple((row.descricao, row.tipo, row.valor) for row in extrato.linhas[: len(rows)])
    return None if shown == rows else f"the newest rows must be {rows}"
