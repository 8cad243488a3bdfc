"""Checks after a load: each client's balance, and an order that explains the answers."""

from collections import defaultdict
from collections.abc import Iterable
from time import perf_counter_ns as clock_ns

from loadtest.crebitos.contract import CLIENTES, LIMITES, Extrato
from loadtest.crebitos.history.operation import ANSWERED, UNKNOWN, WRONGLY, Noted, Operation
from loadtest.crebitos.history.search import explain
from loadtest.crebitos.history.sums import ReachableSums
from loadtest.crebitos.history.watch import Watch
from loadtest.crebitos.report import NOT_DECIDED, Cliente, CountedBreak
from loadtest.crebitos.state import State, state_of
from loadtest.drive.memory import Notes
from loadtest.measure.recorder import Recorder
from loadtest.wire.probe import Answer, Probe

BAD_MOVED = "bad bodies moved the balance"


class Oracle:
    """Reads the balances before a load, notes the answers, and checks them afterwards."""

    def __init__(self, probe: Probe, workers: int) -> None:
        self._probe = probe
        self.before = state_of(probe)
        self._notes = [Notes[Noted](Noted) for _ in range(workers)]

    def watch(self, worker: int, recorder: Recorder) -> Watch:
        return Watch(recorder, self._notes[worker])

    def operations(self) -> list[Noted]:
        return [noted for notes in self._notes for noted in notes.read()]

    def examine(self) -> list[Cliente]:
        return examine(self.operations(), self.before, state_of(self._probe))


def examine(operations: Iterable[Noted], before: State, after: State) -> list[Cliente]:
    """Returns one result per client."""
    by_cliente: dict[int, list[Operation]] = defaultdict(list)
    for cliente, operation in operations:
        by_cliente[cliente].append(operation)
    return [
        _examine_one(cliente, by_cliente[cliente], before[cliente], after[cliente])
        for cliente in CLIENTES
    ]


def _examine_one(
    cliente: int, operations: list[Operation], before: Extrato | Answer, after: Extrato | Answer
) -> Cliente:
    unknown = [op for op in operations if op.outcome == UNKNOWN]
    wrongly = [op for op in operations if op.outcome == WRONGLY]
    found = Cliente(cliente, len(operations) - len(wrongly), len(unknown))
    if not isinstance(before, Extrato) or not isinstance(after, Extrato):
        silent, answer = ("before", before) if not isinstance(before, Extrato) else ("after", after)
        found.fault = f"no valid statement {silent} the load: {answer}"
        found.order = "not looked for"
        return found
    found.expected = before.total + sum(op.delta for op in operations if op.outcome == ANSWERED)
    found.saldo = after.total
    found.fault = _saldo_fault(found.expected, after.total, unknown + wrongly)
    # An accepted bad body is treated like an unanswered one: applied at any moment, or never.
    for operation in wrongly:
        operation.outcome = UNKNOWN
    now_ns = clock_ns()
    last = Operation(now_ns, now_ns, 0, after.total, rows=after.fingerprints)
    explanation = explain([*operations, last], before.total, before.fingerprints, LIMITES[cliente])
    # In the order of first occurrence: the first break has often caused the next ones.
    alike: dict[str, list[str]] = defaultdict(list)
    for broken in explanation.breaks:
        alike[broken.name].append(broken.text)
    found.breaks = [CountedBreak(name, len(texts), texts[0]) for name, texts in alike.items()]
    if wrongly and found.fault is None and after.total != found.expected and not unknown:
        found.breaks.insert(0, _moved_wrongly(wrongly, after.total - found.expected))
    if found.breaks:
        found.order = "none exists"
    else:
        found.order = NOT_DECIDED if explanation.undecided else "explained"
    if found.order == NOT_DECIDED and unknown and found.fault is None:
        found.fault = f"{len(unknown)} unanswered transactions: too many to search for an order"
    return found


def _moved_wrongly(wrongly: list[Operation], moved: int) -> CountedBreak:
    bodies = len({op.sent_ns for op in wrongly})
    text = (
        f"they were answered 200, and the balance is {moved:+d} from what right answers add up to"
    )
    return CountedBreak(BAD_MOVED, bodies, text)


def _saldo_fault(expected: int, saldo: int, unknown: list[Operation]) -> str | None:
    if saldo == expected:
        return None
    never_ns = max((op.sent_ns for op in unknown), default=0)
    if unknown and ReachableSums(unknown).reachable(saldo - expected, never_ns):
        return None
    also = f", and no sum of the {len(unknown)} unanswered explains it" if unknown else ""
    return f"balance is {saldo}, the acknowledged answers add up to {expected}{also}"
