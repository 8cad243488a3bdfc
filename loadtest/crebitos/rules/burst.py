"""Rules that only many requests at the same moment can break."""

from collections.abc import Sequence
from random import Random
from time import monotonic

from loadtest.crebitos.contract import CLIENTES, LIMITES
from loadtest.crebitos.history.after_load import examine
from loadtest.crebitos.history.operation import Operation, accepted, refused, unknown
from loadtest.crebitos.history.watch import WRONG_LIMIT
from loadtest.crebitos.mix import (
    CYCLE,
    LedgerRequest,
    extrato,
    random_request,
    shuffled_cycle,
    transacao,
)
from loadtest.crebitos.report import undecided
from loadtest.crebitos.rules.suite import Suite, read_move
from loadtest.crebitos.state import State
from loadtest.judging.rulebook import Weight
from loadtest.report.started import command_line
from loadtest.wire.curl import curl_line, target_options
from loadtest.wire.document import ContractBrokenError
from loadtest.wire.outcome import STATUS_FIRST
from loadtest.wire.probe import Answer
from loadtest.wire.request import Address

BURSTS = (25, 100, 500)
MIXED_TRANSACOES = 120
MIXED_EXTRATOS = 40
SUSTAINED_CYCLES = 500
SUSTAINED_MAX_S = 15.0
RUN_MIN = 5_000  # a second or two of load, which shows rare faults too


class Seen:
    """Operations and first faults of many answers; the answers may be large, and are not kept."""

    def __init__(self, target: Address, of: Sequence[int], together: int) -> None:
        self._target = target
        # The clients of these answers, and the number of requests sent at once.
        self.of, self.together = of, together
        self.operations: list[tuple[int, Operation]] = []
        self.count = self.wrong = 0
        # The first answer with a wrong status, and the first that breaks the contract: as text,
        # with a line that asks again.
        self.first_wrong = self.first_broken = ("", "")

    def add(self, request: LedgerRequest, answer: Answer) -> None:
        self.count += 1
        if answer.code not in request.fine:
            self.wrong += 1
            if self.wrong == 1:
                text = f"{request.kind.name} {answer}"
                self.first_wrong = text, curl_line(self._target, request.data)
        if self.first_broken[0]:
            return
        try:
            self.operations += [(request.cliente, one) for one in _operations(request, answer)]
        except ContractBrokenError as broken:
            self.first_broken = f"{broken}: {answer}", curl_line(self._target, request.data)


def ask_bursts(suite: Suite, *, strict: bool) -> None:
    _ask_official_burst(suite, -1)
    _ask_official_burst(suite, 1)
    if strict:
        for size in BURSTS:
            _ask_burst_at_limit(suite, 2, size)
        for cliente in (4, 5):
            _ask_mixed_burst(suite, cliente)
        _ask_sustained(suite)


def _ask_official_burst(suite: Suite, delta: int) -> None:
    """Checks 25 transactions at once: all are accepted, and all are in the balance."""
    suite.begin_restored("bursts", Weight.DATA)
    suite.make_room(1, 25)
    before = suite.extrato(1)
    requests = [transacao(suite.target, 1, delta, "validacao") for _ in range(25)]
    answers = suite.ask_together(requests)
    after = suite.extrato(1)
    if before is None or after is None:
        return
    accepted, moved = sum(answer.code == 200 for answer in answers), after.total - before.total
    what = "debits" if delta < 0 else "credits"
    expected, seen = (
        f"{count} accepted, balance moved by {by}"
        for count, by in ((25, 25 * delta), (accepted, moved))
    )
    suite.add(f"25 {what} of 1 at the same moment", expected, seen)


def _ask_burst_at_limit(suite: Suite, cliente: int, size: int) -> None:
    """Checks debits at once with room for half: half are accepted, each with its own balance."""
    suite.begin_restored("bursts", Weight.DATA)
    before = suite.extrato(cliente)
    if before is None:
        return
    bottom, room = -LIMITES[cliente], size // 2
    suite.move(cliente, room + 1, "folga")
    suite.move(cliente, bottom - before.total - 1, "perto")
    requests = [transacao(suite.target, cliente, -1, "disputa") for _ in range(size)]
    moves = [read_move(answer) for answer in suite.ask_together(requests)]
    after = suite.extrato(cliente)
    saldos = sorted(moved.saldo for moved in moves if moved.saldo is not None)
    refused = sum(moved.code == 422 for moved in moves)
    unanswered = sum(moved.code < STATUS_FIRST for moved in moves)
    total = after.total if after is not None else "unknown"
    expected = f"{room} accepted, {size - room} refused, balance {bottom}"
    seen = f"{len(saldos)} accepted, {refused} refused, balance {total}"
    passed = seen == expected and saldos == list(range(bottom, bottom + room))
    if unanswered:
        seen += f", {unanswered} never answered"
    if len(saldos) != len(set(saldos)):
        seen += f", {len(saldos) - len(set(saldos))} balances answered twice (lost update)"
    suite.add(f"{size} debits of 1, room for {room}", expected, seen, passed)
    suite.move(cliente, -bottom, "volta")


def _ask_mixed_burst(suite: Suite, cliente: int) -> None:
    """Checks debits, credits and statements at once: some order explains every answer."""
    random = Random(suite.seed + cliente)
    requests = []
    for index in range(MIXED_TRANSACOES):
        delta = random.randint(1, 5_000) * (1 if index % 2 else -1)
        requests.append(transacao(suite.target, cliente, delta, f"mista {index}"))
    requests += [extrato(suite.target, cliente) for _ in range(MIXED_EXTRATOS)]
    random.shuffle(requests)
    before = suite.begin_restored("bursts", Weight.DATA, f"client {cliente}")
    seen = _seen(suite, Seen(suite.target, [cliente], len(requests)), requests)
    rule = f"{len(requests)} debits, credits and statements at once"
    _explain(suite, rule, before, seen)


def _seen(suite: Suite, seen: Seen, requests: list[LedgerRequest]) -> Seen:
    for request, answer in zip(requests, suite.ask_together(requests), strict=True):
        seen.add(request, answer)
    return seen


def _ask_sustained(suite: Suite) -> None:
    """Checks a load that is long enough to show a fault of one request in a thousand."""
    random, ends_s = Random(suite.seed), monotonic() + SUSTAINED_MAX_S
    seen = Seen(suite.target, CLIENTES, len(CYCLE))
    before = suite.begin_restored("bursts", Weight.DATA)
    for _ in range(SUSTAINED_CYCLES):
        cycle = [random_request(kind, suite.target, random) for kind in shuffled_cycle(random)]
        _seen(suite, seen, cycle)
        if monotonic() > ends_s:
            break
    rule, expected = f"{seen.count:,} requests, {len(CYCLE)} at a time", "all of them"
    first, repeat = seen.first_wrong
    came = f"{seen.wrong} are wrong; the first: {first}" if seen.wrong else expected
    suite.add(f"{rule}: answered correctly", expected, came, not seen.wrong, repeat)
    _explain(suite, rule, before, seen)


def _explain(suite: Suite, rule: str, before: State, seen: Seen) -> None:
    """Checks that an order exists; a broken rule advises a `loadtest run` of the same kind."""
    size = max(seen.count, RUN_MIN)
    where = " ".join(target_options(suite.target))
    again = f"{command_line()} run {where} -n {size} -c {seen.together} --seed {suite.seed}"
    faults = []
    if seen.first_broken[0]:
        first, again = seen.first_broken
        faults.append(first)
    else:
        examined = examine(seen.operations, before, suite.state())
        clientes = [one for one in examined if one.cliente in seen.of]
        for one in clientes:
            faults += [f"{broken.name}: {broken.text}" for broken in one.breaks]
            faults += [f"client {one.cliente}: {one.fault}"] if one.fault else []
        faults += undecided(clientes)
    came = faults[0] if faults else "an order explains all"
    suite.add(rule, "an order that explains every answer", came, not faults, again)


def _operations(request: LedgerRequest, answer: Answer) -> list[Operation]:
    """Returns the operation of a request and its answer; none for a statement that failed."""
    sent_ns, answered_ns = answer.sent_ns, answer.answered_ns
    delta, row = request.delta, request.fingerprint
    if answer.code == 200:
        limite, operation = accepted(request, answer.body, sent_ns, answered_ns)
        if limite != LIMITES[request.cliente]:
            raise ContractBrokenError(WRONG_LIMIT)
        return [operation]
    if not delta:
        return []
    if answer.code == 422:
        return [refused(sent_ns, answered_ns, delta, row)]
    return [unknown(sent_ns, delta, row)]
