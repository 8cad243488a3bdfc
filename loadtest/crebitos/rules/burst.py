"""Rules that only many requests at the same moment can break."""

from random import Random
from time import monotonic

from loadtest.crebitos.contract import LIMITES, ContractBrokenError, read_extrato, read_saldo
from loadtest.crebitos.history.aftermath import Statements, examine
from loadtest.crebitos.history.notes import NEVER_NS, REFUSED, UNKNOWN, Operation
from loadtest.crebitos.mix import (
    CYCLE,
    Request,
    random_request,
    shuffled_cycle,
    statement,
    transaction,
)
from loadtest.crebitos.rules.suite import Suite, read_move
from loadtest.wire.outcome import Failure, is_fine
from loadtest.wire.probe import Answer

BURSTS = (25, 100, 500)
MIXED_TRANSACTIONS = 120
MIXED_STATEMENTS = 40
SUSTAINED_CYCLES = 500
SUSTAINED_MAX_S = 15.0


def ask_bursts(suite: Suite, *, strict: bool) -> None:
    _ask_official_burst(suite, -1)
    _ask_official_burst(suite, 1)
    if strict:
        for size in BURSTS:
            _ask_burst_at_limit(suite, 2, size)
        for client in (4, 5):
            _ask_mixed_burst(suite, client)
        _ask_sustained(suite)


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
    unanswered = sum(code in tuple(Failure) for code, _ in moves)
    after = suite.extrato(client)
    total = after.total if after is not None else None
    expected = f"{room} accepted, {size - room} refused, balance {bottom}"
    seen = f"{len(saldos)} accepted, {refused} refused, balance {total}"
    passed = (
        saldos == list(range(bottom, bottom + room)) and refused == size - room and total == bottom
    )
    if unanswered:
        seen += f", {unanswered} never answered"
    if len(saldos) != len(set(saldos)):
        seen += f", {len(saldos) - len(set(saldos))} balances answered twice (lost update)"
    suite.add("bursts", f"{size} debits of 1, room for {room}", expected, seen, passed)
    suite.move(client, -bottom, "volta")


def _ask_mixed_burst(suite: Suite, client: int) -> None:
    """Debits, credits and statements at once: some order explains every answer."""
    chance = Random(client)
    requests: list[Request] = []
    for index in range(MIXED_TRANSACTIONS):
        delta = chance.randint(1, 5_000) * (1 if index % 2 else -1)
        requests.append(transaction(suite.host, client, delta, f"mista {index}"))
    requests += [statement(suite.host, client) for _ in range(MIXED_STATEMENTS)]
    chance.shuffle(requests)
    before = suite.probe.statements()
    answers = suite.probe.ask_together(requests)
    rule = f"{len(requests)} debits, credits and statements of client {client} at once"
    _explain(suite, rule, before, list(zip(requests, answers, strict=True)))


def _ask_sustained(suite: Suite) -> None:
    """Long enough to meet a fault of one request in a thousand; chance is seeded, so repeatable."""
    chance, ends_s = Random(SUSTAINED_CYCLES), monotonic() + SUSTAINED_MAX_S
    pairs: list[tuple[Request, Answer]] = []
    before = suite.probe.statements()
    for _ in range(SUSTAINED_CYCLES):
        cycle = [random_request(kind, suite.host, chance) for kind in shuffled_cycle(chance)]
        pairs += zip(cycle, suite.probe.ask_together(cycle), strict=True)
        if monotonic() > ends_s:
            break
    rule = f"{len(pairs):,} requests, {len(CYCLE)} at a time"
    wrong = [(r, a) for r, a in pairs if not is_fine(r.kind, a.code)]
    seen = "every one of them"
    if wrong:
        request, answer = wrong[0]
        seen = f"not {len(wrong)} of them; a {request.kind.name.lower()}: {answer}"
    suite.add("bursts", f"{rule}: well answered", "every one of them", seen, not wrong)
    _explain(suite, rule, before, pairs)


def _explain(
    suite: Suite, rule: str, before: Statements, pairs: list[tuple[Request, Answer]]
) -> None:
    expected = "an order that explains every answer"
    try:
        operations = [
            (request.client, operation)
            for request, answer in pairs
            if (operation := _operation(request, answer)) is not None
        ]
    except ContractBrokenError as broken:
        suite.add("bursts", rule, expected, str(broken), False)
        return
    troubles = []
    for client in examine(operations, before, suite.probe.statements()):
        troubles += [f"{found['name']}: {found['text']}" for found in client.breaks]
        troubles += [f"client {client.cliente}: {client.trouble}"] if client.trouble else []
    seen = troubles[0] if troubles else "an order explains all"
    suite.add("bursts", rule, expected, seen, not troubles)


def _operation(request: Request, answer: Answer) -> Operation | None:
    sent_ns, answered_ns, delta = answer.sent_ns, answer.answered_ns, request.delta
    if not delta:
        if answer.code != 200:
            return None
        extrato = read_extrato(answer.body)
        rows = tuple(linha.fingerprint for linha in extrato.linhas)
        return Operation(sent_ns, answered_ns, 0, extrato.total, rows=rows)
    if answer.code == 422:
        return Operation(sent_ns, answered_ns, delta, REFUSED, request.fingerprint)
    if answer.code == 200:
        saldo = read_saldo(answer.body)[1]
        return Operation(sent_ns, answered_ns, delta, saldo, request.fingerprint)
    return Operation(sent_ns, NEVER_NS, delta, UNKNOWN, request.fingerprint)
