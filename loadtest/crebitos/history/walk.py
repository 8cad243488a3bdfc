"""A walk along one client's operations, one reversible step at a time."""

from collections.abc import Iterable
from operator import attrgetter

from loadtest.crebitos.contract import ROWS_MAX
from loadtest.crebitos.history.operation import REFUSED, UNKNOWN, Operation
from loadtest.crebitos.history.sums import ReachableSums

NO_ROW = -2  # the start, before the first row
STEPS_KEPT = 4_096  # steps kept before old ones are dropped in bulk
TIDY_ABOVE = 16  # done operations that the list of one balance may hold before it is tidied
JUMP = -1  # an unknown row, left by unanswered transactions

# The operation (None: a jump), the balance before and after it, and the number of answers placed
# until then.
Step = tuple[Operation | None, int, int, int]

by_answer = attrgetter("answered_ns")
by_sending = attrgetter("sent_ns")


class Walk:
    """The state of a walk: the balance `saldo`; `saldos[i]` is the balance after `rows[i]`."""

    def __init__(
        self, operations: Iterable[Operation], saldo: int, rows: tuple[int, ...], limite: int
    ) -> None:
        everything = sorted(operations, key=by_sending)
        self.sums = ReachableSums([op for op in everything if op.outcome == UNKNOWN])
        self._by_sending = [op for op in everything if op.outcome != UNKNOWN]
        self._by_answer = sorted(self._by_sending, key=by_answer)
        self._limite = limite
        self.saldo = saldo
        self.rows = [NO_ROW, *reversed(rows)]
        self.saldos: list[int | None] = [*[None] * len(rows), saldo]
        self.order: list[Operation] = []
        self.answered = 0
        self._admitted = 0
        self.horizon_ns = 0
        self.open: dict[int, Operation] = {}
        self._waiting: dict[int, list[Operation]] = {}
        self._readers: list[Operation] = []
        self.steps: list[Step] = []

    @property
    def stuck(self) -> Operation:
        """The operation with the oldest answer among those without a place."""
        return self._by_answer[self.answered]

    def admit(self) -> bool:
        """Moves the horizon: operations sent before the oldest open answer may come next."""
        answers = self._by_answer
        while self.answered < len(answers) and answers[self.answered].done:
            self.answered += 1
        if self.answered == len(answers):
            return False
        self.horizon_ns = horizon_ns = answers[self.answered].answered_ns
        sendings = self._by_sending
        while self._admitted < len(sendings):
            operation = sendings[self._admitted]
            if operation.sent_ns > horizon_ns:
                break
            self._admitted += 1
            self.open[id(operation)] = operation
            operation.place = len(self.rows) - 1
            if operation.is_reader:
                self._readers.append(operation)
            else:
                self._waiting.setdefault(operation.before, []).append(operation)
        return True

    def serve_readers(self) -> bool:
        """Places the readers that fit here: they change nothing, so the first fit will do."""
        if not self._readers:
            return False
        served = [op for op in self._readers if op.sent_ns <= self.horizon_ns and self._fits(op)]
        for operation in served:
            self.drop_reader(operation)
        return bool(served)

    def drop_reader(self, operation: Operation) -> None:
        self._readers.remove(operation)
        self._mark_done(operation, 0)

    def drop_lost(self, operation: Operation) -> None:
        """Leaves out a transaction that left no effect; it stays out."""
        operation.done = True
        del self.open[id(operation)]

    def ways(self) -> list[Operation]:
        """Returns the possible next operations: at this balance first, then after unknown ones."""
        here = self._waiting.get(self.saldo, [])
        ways = [op for op in here if not op.done and op.sent_ns <= self.horizon_ns]
        if len(here) > len(ways) + TIDY_ABOVE:
            self._tidy(self.saldo)
        if len(ways) > 1:
            ways.sort(key=by_answer)
        if self.sums.any_sent_before(self.horizon_ns):
            ways += self._ways_after_unknown()
        return ways

    def apply(self, operation: Operation) -> None:
        """Places the operation next; a reader only moves the balance to the one that it shows."""
        if operation.before != self.saldo:
            self.jump(operation.before)
        if operation.is_reader:
            return
        before, self.saldo = self.saldo, operation.saldo
        self.rows.append(operation.fingerprint)
        self.saldos.append(self.saldo)
        self.order.append(operation)
        self._mark_done(operation, before)

    def jump(self, saldo: int) -> None:
        self.steps.append((None, self.saldo, saldo, self.answered))
        self.saldo = saldo
        self.rows.append(JUMP)
        self.saldos.append(saldo)

    def undo(self) -> None:
        """Undoes the last recorded step."""
        operation, before, _after, _pressing = self.steps.pop()
        if operation is not None:
            operation.done = False
            self.open[id(operation)] = operation
            if operation.is_reader:
                self._readers.append(operation)
                return
            self.order.pop()
        self.rows.pop()
        self.saldos.pop()
        self.saldo = before

    def redo(self, step: Step) -> None:
        operation, _before, after, self.answered = step
        if operation is None:
            self.jump(after)
        elif operation.is_reader:
            self.drop_reader(operation)
        else:
            self.apply(operation)

    def open_operations(self) -> list[Operation]:
        """Returns the operations that may come next by time alone, oldest answer first."""
        horizon_ns = self.horizon_ns
        return sorted((op for op in self.open.values() if op.sent_ns <= horizon_ns), key=by_answer)

    def signature(self) -> tuple[object, ...]:
        """Returns a key of the state: two walks with the same signature go on alike."""
        still_open = frozenset(map(id, self.open_operations()))
        return still_open, self.saldo, tuple(self.rows[-ROWS_MAX:])

    def _tidy(self, saldo: int) -> None:
        """Drops done operations, except those of steps that may still be undone."""
        revocable = {id(step[0]) for step in self.steps}
        self._waiting[saldo] = [
            op for op in self._waiting[saldo] if not op.done or id(op) in revocable
        ]

    def forget_steps(self) -> None:
        """Keeps only the steps since `answered` last grew: they may still be undone."""
        if len(self.steps) > STEPS_KEPT:
            self.steps = [step for step in self.steps if step[3] == self.answered]

    def _mark_done(self, operation: Operation, before: int) -> None:
        operation.done = True
        del self.open[id(operation)]
        self.steps.append((operation, before, self.saldo, self.answered))

    def _fits(self, operation: Operation) -> bool:
        unknown_here = self.sums.any_sent_before(self.horizon_ns)
        if operation.rows is None:
            lowest = self.sums.lowest(self.horizon_ns) if unknown_here else 0
            return self.saldo + lowest + operation.delta < -self._limite
        if operation.saldo != self.saldo:
            return False
        expected = self.rows[max(1, len(self.rows) - ROWS_MAX) :]
        expected.reverse()
        if operation.rows == tuple(expected):
            return True
        # Rows of unanswered transactions may be anywhere between; rows older than a jump are
        # unknown.
        known = expected.index(JUMP) if JUMP in expected else len(expected)
        if known == len(expected) and not unknown_here:
            return False
        seen = [row for row in operation.rows if row not in self.sums.rows]
        return seen[:known] == expected[: min(known, len(seen))]

    def _ways_after_unknown(self) -> list[Operation]:
        reachable, horizon_ns, saldo = self.sums.reachable, self.horizon_ns, self.saldo
        return [
            op
            for op in self.open_operations()
            if op.outcome != REFUSED
            and op.before != saldo
            and reachable(op.before - saldo, horizon_ns)
        ]
