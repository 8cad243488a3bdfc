"""Rules that only many requests at the same moment can break.

Imports contract, history, mix, notes, probe and suite.
"""

from random import Random

from loadtest.contract import (
    LIMITES,
    ContractBrokenError,
    Extrato,
    read_extrato,
    read_saldo,
)
from loadtest.history import explain
from loadtest.mix import Request, statement, transaction
from loadtest.notes import NEVER_NS, REFUSED, UNKNOWN, Operation
from loadtest.probe import Answer
from loadtest.suite import Suite, read_move

BURSTS = (25, 100, 500)
MIXED_TRANSACTIONS = 120
MIXED_STATEMENTS = 40


def ask_bursts(suite: Suite, *, strict: bool) -> None:
    _ask_official_burst(suite, -1)
    _ask_official_burst(suite, 1)
    if strict:
        for size in BURSTS:
            _ask_burst_at_limit(suite, 2, size)
        for client in (4, 5):
            _ask_mixed_burst(suite, client)


def _ask_official_burst(suite: Suite, delta: int) -> None:
    """25 at once, each accepted, and all of them in the balance."""
    before = suite.extrato(1)
    requests = [transaction(suite.host, 1, delta, "validacao") for _ in range(25)]
    answers = suite.probe.ask_together(requests)
    after = suite.extrato(1)
    if before is None or after is None:
        return
    accepted = sum(answer.code == 200 for answer in answers)
    what = "debits" if delta < 0 else "credits"
    expected = f"25 accepted, balance moved by {25 * delta}"
    seen = f"{accepted} accepted, balance moved by {after.total - before.total}"
    passed = accepted == 25 and after.total - before.total == 25 * delta
    suite.add("bursts", f"25 {what} of 1 at the same moment", expected, seen, passed)


def _ask_burst_at_limit(suite: Suite, client: int, size: int) -> None:
    """With room for half of them, exactly half are accepted, each on a balance of its own."""
    extrato = suite.extrato(client)
    if extrato is None:
        return
    bottom, room = -LIMITES[client], size // 2
    suite.move(client, room + 1, "folga")
    suite.move(client, -(extrato.total + 1 - bottom), "perto")
    requests = [transaction(suite.host, client, -1, "disputa") for _ in range(size)]
    answers = suite.probe.ask_together(requests)
    moves = [read_move(answer) for answer in answers]
    saldos = sorted(saldo for _, saldo in moves if saldo is not None)
    refused = sum(code == 422 for code, _ in moves)
    after = suite.extrato(client)
    total = after.total if after is not None else None
    expected = f"{room} accepted, {size - room} refused, balance {bottom}"
    seen = f"{len(saldos)} accepted, {refused} refused, balance {total}"
    passed = (
        saldos == list(range(bottom, bottom + room)) and refused == size - room and total == bottom
    )
    if len(saldos) != len(set(saldos)):
        seen += f", {len(saldos) - len(set(saldos))} balances answered twice (lost update)"
    suite.add("bursts", f"{size} debits of 1, room for {room}", expected, seen, passed)
    suite.move(client, -bottom, "volta")


def _ask_mixed_burst(suite: Suite, client: int) -> None:
    """Debits, credits and statements at once: some order explains every answer."""
    before = suite.extrato(client)
    if before is None:
        return
    chance = Random(client)
    requests: list[Request] = []
    for index in range(MIXED_TRANSACTIONS):
        delta = chance.randint(1, 5_000) * (1 if index % 2 else -1)
        requests.append(transaction(suite.host, client, delta, f"mista {index}"))
    requests += [statement(suite.host, client) for _ in range(MIXED_STATEMENTS)]
    chance.shuffle(requests)
    answers = suite.probe.ask_together(requests)
    last = statement(suite.host, client)
    pairs = [*zip(requests, answers, strict=True), (last, suite.probe.ask(last))]
    try:
        operations = [
            operation
            for request, answer in pairs
            if (operation := _operation(request, answer)) is not None
        ]
    except ContractBrokenError as broken:
        suite.add("bursts", "a mixed burst", "answers in shape", str(broken), False)
        return
    rows = tuple(linha.fingerprint for linha in before.linhas)
    explanation = explain(operations, before.total, rows, LIMITES[client])
    found = explanation.breaks[0] if explanation.breaks else None
    seen = f"{found.name}: {found.text}" if found else "an order explains all"
    rule = f"{len(requests)} debits, credits and statements of client {client} at once"
    suite.add("bursts", rule, "an order that explains every answer", seen, found is None)


def _operation(request: Request, answer: Answer) -> Operation | None:
    sent_ns, answered_ns, delta = answer.sent_ns, answer.answered_ns, request.delta
    if not delta:
        if answer.code != 200:
            raise ContractBrokenError(f"a statement was answered with {answer}")
        extrato: Extrato = read_extrato(answer.body)
        rows = tuple(linha.fingerprint for linha in extrato.linhas)
        return Operation(sent_ns, answered_ns, 0, extrato.total, rows=rows)
    if answer.code == 422:
        return Operation(sent_ns, answered_ns, delta, REFUSED, request.fingerprint)
    if answer.code == 200:
        saldo = read_saldo(answer.body)[1]
        return Operation(sent_ns, answered_ns, delta, saldo, request.fingerprint)
    return Operation(sent_ns, NEVER_NS, delta, UNKNOWN, request.fingerprint)
