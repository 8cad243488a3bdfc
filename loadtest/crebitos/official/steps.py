"""The virtual users of the official run's first three steps.

Each is a generator: it yields requests to send together and gets their answers back.
"""

from collections.abc import Generator, Sequence

from loadtest.crebitos.contract import BAD_FIELDS, CLIENTE_DESCONHECIDO
from loadtest.crebitos.mix import BadRequest, extrato, transacao
from loadtest.crebitos.official.checks import (
    answered_fault,
    newest_fault,
    opening_fault,
    rows_fault,
    status_fault,
    total_fault,
    transacao_fault,
)
from loadtest.crebitos.official.judge import Judge
from loadtest.wire.probe import Answer
from loadtest.wire.request import Request

User = Generator[Sequence[Request], list[Answer], None]

TOGETHER = 25
EXTRATOS_TOGETHER = 4


def one_transacao(judge: Judge, host: str, delta: int) -> User:
    """One of the 25 users that move client 1 by one cent at the same moment."""
    request = transacao(host, 1, delta, "validacao", reuse=False).as_check()
    [answer] = yield [request]
    judge.judge(request, answer, status_fault(answer, 200))


def extrato_shows(judge: Judge, host: str, total: int) -> User:
    """Asks for the statement after 25 at once: a wrong total costs a fine."""
    request = extrato(host, 1, reuse=False).as_check()
    [answer] = yield [request]
    judge.judge(request, answer, total_fault(answer, total))


def unknown_cliente(judge: Judge, host: str) -> User:
    request = extrato(host, CLIENTE_DESCONHECIDO, reuse=False).as_check()
    [answer] = yield [request]
    judge.judge(request, answer, status_fault(answer, 404))


def one_cliente(judge: Judge, host: str, cliente: int) -> User:
    """Step 3 for one client: a credit and a debit, their rows, and five bodies to refuse."""
    request = extrato(host, cliente).as_check()
    [answer] = yield [request]
    judge.judge(request, answer, opening_fault(answer, cliente), overlaps=cliente)
    for delta, descricao in ((1, "toma"), (-1, "devolve")):
        request = transacao(host, cliente, delta, descricao).as_check()
        [answer] = yield [request]
        judge.judge(request, answer, transacao_fault(answer, 200))
    request = extrato(host, cliente).as_check()
    [answer] = yield [request]
    rows = (("devolve", "d", 1), ("toma", "c", 1))
    judge.judge(request, answer, rows_fault(answer, *rows), overlaps=cliente)
    request = transacao(host, cliente, 1, "danada").as_check()
    [credit] = yield [request]
    fault = answered_fault(credit)
    judge.judge(request, credit, fault)
    if fault is None:
        requests = [extrato(host, cliente).as_check() for _ in range(EXTRATOS_TOGETHER)]
        answers = yield requests
        for request, answer in zip(requests, answers, strict=True):
            fault = newest_fault(answer, ("danada", "c", 1), credit)
            judge.judge(request, answer, fault, overlaps=cliente)
    else:
        judge.leave_out(EXTRATOS_TOGETHER)
    for name, fields in BAD_FIELDS.items():
        bad = BadRequest(host, cliente, name, fields)
        [answer] = yield [bad]
        judge.judge(bad, answer, status_fault(answer, 422, 400))
