"""The virtual users of the official run's first three steps.

Each is a generator: it yields requests to send together and gets their answers back.
"""

from collections.abc import Callable, Generator, Sequence

from loadtest.crebitos.contract import BAD_FIELDS, CLIENTE_DESCONHECIDO
from loadtest.crebitos.mix import BadRequest, extrato, transacao
from loadtest.crebitos.official.checks import (
    Fault,
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
from loadtest.wire.request import Address, Request

User = Generator[Sequence[Request], list[Answer], None]

TOGETHER = 25
EXTRATOS_TOGETHER = 4


def _ask(
    judge: Judge, request: Request, check: Callable[[Answer], Fault | None], overlaps: int = 0
) -> Generator[Sequence[Request], list[Answer], Answer]:
    """Sends one request and judges its answer; `overlaps` is a client with a load of its own."""
    [answer] = yield [request]
    judge.judge(request, answer, check(answer), overlaps=overlaps)
    return answer


def _status(*allowed: int) -> Callable[[Answer], Fault | None]:
    return lambda answer: status_fault(answer, *allowed)


def one_transacao(judge: Judge, target: Address, delta: int) -> User:
    """One of the 25 users that move client 1 by one cent at the same moment."""
    request = transacao(target, 1, delta, "validacao", reuse=False).as_check()
    yield from _ask(judge, request, _status(200))


def extrato_shows(judge: Judge, target: Address, total: int) -> User:
    """Asks for the statement after 25 at once: a wrong total costs a fine."""
    request = extrato(target, 1, reuse=False).as_check()
    yield from _ask(judge, request, lambda answer: total_fault(answer, total))


def unknown_cliente(judge: Judge, target: Address) -> User:
    request = extrato(target, CLIENTE_DESCONHECIDO, reuse=False).as_check()
    yield from _ask(judge, request, _status(404))


def one_cliente(judge: Judge, target: Address, cliente: int) -> User:
    """Step 3 for one client: a credit and a debit, their rows, and five bodies to refuse."""
    request = extrato(target, cliente).as_check()
    yield from _ask(judge, request, lambda answer: opening_fault(answer, cliente), cliente)
    for delta, descricao in ((1, "toma"), (-1, "devolve")):
        request = transacao(target, cliente, delta, descricao).as_check()
        yield from _ask(judge, request, lambda answer: transacao_fault(answer, 200))
    request = extrato(target, cliente).as_check()
    rows = (("devolve", "d", 1), ("toma", "c", 1))
    yield from _ask(judge, request, lambda answer: rows_fault(answer, *rows), cliente)
    request = transacao(target, cliente, 1, "danada").as_check()
    credit = yield from _ask(judge, request, answered_fault)
    if answered_fault(credit) is None:
        requests = [extrato(target, cliente).as_check() for _ in range(EXTRATOS_TOGETHER)]
        answers = yield requests
        for request, answer in zip(requests, answers, strict=True):
            fault = newest_fault(answer, ("danada", "c", 1), credit)
            judge.judge(request, answer, fault, overlaps=cliente)
    else:
        judge.leave_out(EXTRATOS_TOGETHER)
    for name, fields in BAD_FIELDS.items():
        yield from _ask(judge, BadRequest(target, cliente, name, fields), _status(422, 400))
