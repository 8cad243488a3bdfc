"""Makes histories of one client, from a correct ledger or from one with a planted fault.

Every operation of a correct ledger takes effect at one time between its request and its answer.
"""

from dataclasses import dataclass, field
from random import Random

from loadtest.crebitos.history.operation import Operation, refused, unknown

LONG_AGO = 100  # in transactions; more than run concurrently
EARLIER_NS = 5_000  # longer than any request waits for its answer


@dataclass(slots=True)
class World:
    """Settings of a history: size, concurrency, amounts, shares of faults and of lost answers."""

    seed: int
    operations: int = 2_000
    together: int = 14
    limite: int = 100_000
    valor_max: int = 10_000
    fault: str = ""
    fault_share: float = 0.002
    lost_share: float = 0.0


@dataclass(slots=True)
class Ledger:
    """Balance and rows while the history is made."""

    saldo: int = 0
    faults: int = 0
    rows: list[int] = field(default_factory=list)
    earlier_rows: tuple[int, ...] = ()
    moments: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)

    def newest(self) -> tuple[int, ...]:
        return tuple(self.rows[:-11:-1])


def simulate(world: World) -> tuple[list[Operation], int]:
    """Returns the operations in random order, then a last statement, and the number of faults."""
    random, ledger = Random(world.seed), Ledger()
    operations = []
    for moment, sent_ns, answered_ns in sorted(_intervals(world, random)):
        hit = bool(world.fault) and random.random() < world.fault_share
        fault = world.fault if hit else ""
        if random.random() < 1 / 12:
            operations.append(_statement(ledger, sent_ns, answered_ns, fault))
        else:
            operation = _transaction(ledger, world, random, fault)
            operation.sent_ns, answered = sent_ns, operation.answered_ns
            operation.answered_ns = answered or answered_ns
            if fault == "late" and not operation.is_reader:
                # This operation took effect long after its answer.
                operation.sent_ns -= EARLIER_NS
                operation.answered_ns -= EARLIER_NS
                ledger.faults += 1
            operations.append(operation)
        assert sent_ns <= moment <= answered_ns
    random.shuffle(operations)
    end_ns = max(op.sent_ns for op in operations) + 10**9
    operations.append(Operation(end_ns, end_ns + 5, 0, ledger.saldo, rows=ledger.newest()))
    return operations, ledger.faults


def _intervals(world: World, random: Random) -> list[tuple[int, int, int]]:
    free_ns = [0] * world.together
    intervals = []
    for _ in range(world.operations):
        connection = min(range(world.together), key=free_ns.__getitem__)
        sent_ns = free_ns[connection]
        answered_ns = sent_ns + random.randint(2, 1_000)
        intervals.append((random.randint(sent_ns, answered_ns), sent_ns, answered_ns))
        free_ns[connection] = answered_ns + random.randint(1, 4)
    return intervals


def _statement(ledger: Ledger, sent_ns: int, answered_ns: int, fault: str) -> Operation:
    rows, saldo = ledger.newest(), ledger.saldo
    if fault == "stale" and len(ledger.moments) > LONG_AGO:
        saldo, rows = ledger.moments[-LONG_AGO]
    elif fault == "foreign" and rows:
        rows = (-1, *rows[1:])
    elif fault == "total":
        saldo += 1
    elif fault == "torn" and ledger.earlier_rows != rows:
        rows = ledger.earlier_rows
    elif fault == "nine" and len(rows) > 9:
        rows = rows[:9]
    elif fault == "order" and len(rows) > 2 and rows[0] != rows[1]:
        rows = (rows[1], rows[0], *rows[2:])
    ledger.faults += (saldo, rows) != (ledger.saldo, ledger.newest())
    return Operation(sent_ns, answered_ns, 0, saldo, rows=rows)


def _transaction(ledger: Ledger, world: World, random: Random, fault: str) -> Operation:
    valor, row = random.randint(1, world.valor_max), random.getrandbits(32)
    delta = valor if random.random() < 1 / 3 else -valor
    if ledger.saldo + delta < -world.limite:
        if fault == "refused_shown":
            ledger.rows.append(row)
            ledger.faults += 1
        return refused(0, 0, delta, row)
    if fault == "refused":
        # A debit of 1 may be refused only at a balance of exactly -limite, which no order reaches.
        ledger.faults += 1
        return refused(0, 0, -1, row)
    if random.random() < world.lost_share:
        if random.random() < 0.5:
            _apply(ledger, delta, row)
        return unknown(0, delta, row)
    answered = ledger.saldo + delta
    ledger.faults += fault in {"lost", "twice"}
    if fault != "lost":
        _apply(ledger, delta, row)
    if fault == "twice":
        _apply(ledger, delta, row)
    return Operation(0, 0, delta, answered, row)


def _apply(ledger: Ledger, delta: int, row: int) -> None:
    ledger.earlier_rows = ledger.newest()
    ledger.moments.append((ledger.saldo, ledger.earlier_rows))
    ledger.saldo += delta
    ledger.rows.append(row)
