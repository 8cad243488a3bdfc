"""Searches for an order of one client's operations that explains every answer.

Every acknowledged transaction tells the balance after it, hence the balance before it. In a right
order each begins where the one before ended, and none comes before one that was answered before it
was sent. Statements and refused debits fit between two transactions. The walk goes forward, nearly
always with one way to go. Where two operations begin at the same balance, the search keeps the
choice, and comes back when a way ends. A transaction without an answer may have been applied at any
moment since it was sent, or never.
"""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from loadtest.crebitos.contract import ROWS_MAX
from loadtest.crebitos.history.breaks import UNEXPLAINED, Break, Moment, name_break
from loadtest.crebitos.history.operation import REFUSED, UNKNOWN, Operation
from loadtest.crebitos.history.walk import Step, Walk
from loadtest.limits import BREAKS_MAX, CHOICES_KEPT_MAX, SEARCH_STEPS_MAX

LOST_KEPT = 16  # balances of left-out answers, at which later transactions may begin


@dataclass(slots=True)
class Explanation:
    """The result: without a break an order exists, unless the search was undecided."""

    breaks: list[Break] = field(default_factory=list)
    undecided: bool = False


@dataclass(slots=True)
class _Choice:
    """A point where more than one operation can come next, and the ones not tried yet."""

    steps: int
    answered: int
    untried: list[Operation]
    signature: tuple[object, ...]


def explain(
    operations: Iterable[Operation], saldo: int, rows: tuple[int, ...], limite: int
) -> Explanation:
    """Explains the history of one client, from its balance and rows before the load."""
    everything = list(operations)
    explanation = OrderSearch(everything, saldo, rows, limite).run()
    is_known = all(op.outcome != UNKNOWN for op in everything)
    if explanation.undecided and not explanation.breaks and is_known:
        explanation.breaks += _count_ends(everything, saldo)
    return explanation


class OrderSearch:
    """A search with backtracking: a walk that remembers its choices."""

    def __init__(
        self, operations: list[Operation], saldo: int, rows: tuple[int, ...], limite: int
    ) -> None:
        self._walk = Walk(operations, saldo, rows, limite)
        applied = [op.fingerprint for op in operations if not op.is_reader]
        refused = [op.fingerprint for op in operations if op.outcome == REFUSED]
        self._known_rows, self._refused_rows = frozenset([*rows, *applied]), frozenset(refused)
        self._lost_saldos: deque[int] = deque(maxlen=LOST_KEPT)
        self._choices: list[_Choice] = []
        self._failed: set[tuple[object, ...]] = set()
        self._quiet: tuple[int, int] | None = None
        self._deepest: tuple[int, list[Step]] = (-1, [])
        self._steps_left = SEARCH_STEPS_MAX
        self._forgot = False
        self._explanation = Explanation()

    def run(self) -> Explanation:
        """Walks to the end; names and steps over every point that no order explains."""
        walk = self._walk
        if walk.sums.too_many:
            self._explanation.undecided = True
            return self._explanation
        while walk.admit():
            if walk.serve_readers():
                continue
            ways = walk.ways()
            if len(ways) == 1:
                walk.apply(ways[0])
                self._drop_settled_choices()
            elif not self._choose(ways) and not self._back_up() and not self._step_over():
                break
        return self._explanation

    def _choose(self, ways: list[Operation]) -> bool:
        walk = self._walk
        signature = walk.signature() if ways else ()
        if not ways or signature in self._failed:
            self._note_dead_end()
            return False
        if len(self._choices) >= CHOICES_KEPT_MAX:
            self._forgot = True
            del self._choices[: CHOICES_KEPT_MAX // 2]
            self._quiet = None
        self._choices.append(_Choice(len(walk.steps), walk.answered, ways[:0:-1], signature))
        walk.apply(ways[0])
        return True

    def _note_dead_end(self) -> None:
        """Keeps the longest way so far: if no order exists, its end is the break."""
        walk = self._walk
        if walk.answered > self._deepest[0]:
            self._deepest = (walk.answered, list(walk.steps))

    def _drop_settled_choices(self) -> None:
        """Forgets choices that cannot matter: all settled, and older than any statement's rows."""
        walk = self._walk
        if not self._choices:
            walk.forget_steps()
            return
        if walk.sums.any_sent_before(walk.horizon_ns):
            return
        if self._quiet is None:
            if not walk.open:
                self._quiet = (len(walk.rows), len(self._choices))
        elif len(walk.rows) >= self._quiet[0] + ROWS_MAX:
            if self._quiet[1] >= len(self._choices):
                self._commit()
            self._quiet = None

    def _commit(self) -> None:
        self._choices.clear()
        self._failed.clear()
        self._quiet = None
        self._deepest = (-1, [])

    def _back_up(self) -> bool:
        """Goes back to the last choice with an untried way; returns False if there is none."""
        walk = self._walk
        self._quiet = None
        while self._choices and self._steps_left > 0:
            choice = self._choices[-1]
            while len(walk.steps) > choice.steps:
                walk.undo()
                self._steps_left -= 1
            walk.answered = choice.answered
            if choice.untried:
                walk.admit()
                walk.apply(choice.untried.pop())
                return True
            self._failed.add(choice.signature)
            self._choices.pop()
        return False

    def _step_over(self) -> bool:
        """Names a break where no order leads on, and goes on after it; returns False at a limit."""
        walk, explanation = self._walk, self._explanation
        if self._forgot or self._steps_left <= 0 or len(explanation.breaks) >= BREAKS_MAX:
            explanation.undecided = len(explanation.breaks) < BREAKS_MAX
            return False
        for step in self._deepest[1][len(walk.steps) :]:
            walk.redo(step)
        walk.admit()
        self._commit()
        lost = frozenset(self._lost_saldos)
        moment = Moment(walk, walk.stuck, self._known_rows, self._refused_rows, lost)
        found = name_break(moment)
        explanation.breaks.append(found)
        if found.culprit is not None:
            walk.apply(found.culprit)
        else:
            self._leave_out(walk.stuck, found)
        walk.steps.clear()
        return True

    def _leave_out(self, stuck: Operation, found: Break) -> None:
        walk = self._walk
        if not stuck.is_reader:
            walk.drop_lost(stuck)
            self._lost_saldos.append(stuck.saldo)
            return
        if found.saldo is not None:
            walk.jump(found.saldo)
        else:
            # Steps taken only to reach this answer are undone: they may come later.
            while walk.steps and walk.steps[-1][3] == walk.answered:
                walk.undo()
        walk.drop_reader(stuck)


def _count_ends(operations: list[Operation], saldo: int) -> list[Break]:
    """Checks without an order: every balance but the first must be where a transaction ended."""
    applied = [op for op in operations if not op.is_reader]
    begun = Counter(op.before for op in applied)
    ended = Counter(op.saldo for op in applied)
    ended[saldo] += 1
    homeless = begun - ended
    if not homeless:
        return []
    text = (
        f"{homeless.total()} transactions began at a balance that no other one left, "
        f"the first of them at {min(homeless)}"
    )
    return [Break(UNEXPLAINED, text)]
