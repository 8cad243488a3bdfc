"""After any load: does each client's balance follow from the answers, and does an order exist?"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from time import perf_counter_ns as clock_ns
from typing import Any

from loadtest.crebitos.contract import CLIENTES, LIMITES, Extrato
from loadtest.crebitos.history.notes import REFUSED, UNKNOWN, Operation
from loadtest.crebitos.history.search import explain
from loadtest.crebitos.history.sums import ReachableSums
from loadtest.wire.probe import Answer

Statements = dict[int, Extrato | Answer]


@dataclass(slots=True)
class ClientAftermath:
    """What the answers of one client add up to."""

    cliente: int
    operations: int
    unknown: int
    expected: int | None
    saldo: int | None
    trouble: str | None
    order: str
    breaks: list[dict[str, Any]]

    @property
    def is_broken(self) -> bool:
        return self.trouble is not None or bool(self.breaks)

    def as_data(self) -> dict[str, Any]:
        return asdict(self) | {"broken": self.is_broken}


def examine(
    operations: Iterable[tuple[int, Operation]], before: Statements, after: Statements
) -> list[ClientAftermath]:
    """One verdict per client."""
    by_client: dict[int, list[Operation]] = defaultdict(list)
    for client, operation in operations:
        by_client[client].append(operation)
    return [
        _examine_client(client, by_client[client], before[client], after[client])
        for client in CLIENTES
    ]


def _examine_client(
    client: int, operations: list[Operation], before: Extrato | Answer, after: Extrato | Answer
) -> ClientAftermath:
    unknown = [op for op in operations if op.saldo == UNKNOWN]
    found = ClientAftermath(client, len(operations), len(unknown), None, None, None, "", [])
    if not isinstance(before, Extrato) or not isinstance(after, Extrato):
        silent, answer = ("before", before) if not isinstance(before, Extrato) else ("after", after)
        found.trouble = f"no statement in shape {silent} the load: {answer}"
        found.order = "not looked for"
        return found
    found.expected = before.total + sum(
        op.delta for op in operations if op.saldo not in {REFUSED, UNKNOWN}
    )
    found.saldo = after.total
    found.trouble = _balance_trouble(found.expected, after.total, unknown)
    now_ns = clock_ns()
    rows = tuple(linha.fingerprint for linha in after.linhas)
    last = Operation(now_ns, now_ns, 0, after.total, rows=rows)
    first_rows = tuple(linha.fingerprint for linha in before.linhas)
    explanation = explain([*operations, last], before.total, first_rows, LIMITES[client])
    counts = Counter(broken.name for broken in explanation.breaks)
    texts = {broken.name: broken.text for broken in reversed(explanation.breaks)}
    # Ordered by when each first happened: what comes first has often caused what follows.
    names = dict.fromkeys(broken.name for broken in explanation.breaks)
    found.breaks = [{"name": name, "count": counts[name], "text": texts[name]} for name in names]
    if found.breaks:
        found.order = "none exists"
    else:
        found.order = "not decided" if explanation.undecided else "found"
    return found


def _balance_trouble(expected: int, saldo: int, unknown: list[Operation]) -> str | None:
    if saldo == expected:
        return None
    never_ns = max((op.sent_ns for op in unknown), default=0)
    if unknown and ReachableSums(unknown).reachable(saldo - expected, never_ns):
        return None
    also = f", and no sum of the {len(unknown)} unanswered explains it" if unknown else ""
    return f"balance is {saldo}, the acknowledged answers add up to {expected}{also}"
