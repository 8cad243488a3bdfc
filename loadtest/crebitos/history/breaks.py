"""Names the fault at a point of a history that no order explains."""

from collections import Counter
from dataclasses import dataclass

from loadtest.crebitos.contract import ROWS_MAX
from loadtest.crebitos.history.operation import Operation
from loadtest.crebitos.history.walk import Walk
from loadtest.crebitos.report import APPLIED_TWICE

SHOWN_BACK = 256  # earlier states that a statement is compared with
LOOK_BACK = 16  # recent transactions that may explain a wrong balance; more would match at random
JUST_BEFORE = 3

LOST_UPDATE = "lost update"
UNEXPLAINED = "balance no order explains"
REFUSED_THOUGH_IT_FITS = "debit refused though it fits"
REFUSED_SHOWN = "refused debit shown in the statement"
FOREIGN_ROW = "statement shows a row that was never sent"
TOO_FEW_ROWS = "statement with too few rows"
WRONG_ORDER = "statement rows in the wrong order"
TORN = "torn statement"
STALE = "stale statement"


@dataclass(frozen=True, slots=True)
class Break:
    """One contradiction: its name, the evidence, and the balance to continue from."""

    name: str
    text: str
    saldo: int | None = None
    culprit: Operation | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """State of the search: the walk, its operation without a place, and rows known until then."""

    walk: Walk
    stuck: Operation
    known_rows: frozenset[int]
    refused_rows: frozenset[int]
    lost_saldos: frozenset[int]


def name_break(moment: Moment) -> Break:
    """Returns the most likely fault behind a history that cannot go on."""
    stuck = moment.stuck
    if not stuck.is_reader:
        return _name_transacao(moment)
    # A wrong balance makes every reader look wrong: it is looked for first.
    jumped = _name_jump(moment, JUST_BEFORE)
    if jumped is not None:
        return jumped
    if stuck.rows is not None:
        return _name_extrato(moment, stuck, stuck.rows)
    text = f"a debit of {-stuck.delta} was refused while the balance was {moment.walk.saldo}"
    return Break(REFUSED_THOUGH_IT_FITS, text)


def _name_transacao(moment: Moment) -> Break:
    stuck = moment.stuck
    if stuck.before in moment.walk.saldos[min(stuck.place, len(moment.walk.saldos) - 1) :]:
        text = (
            f"a transaction of {stuck.delta:+d} began at {stuck.before} and answered "
            f"{stuck.saldo}, but another one began there too, and only that one is left"
        )
        return Break(LOST_UPDATE, text)
    jumped = _name_jump(moment, LOOK_BACK)
    # A transaction that begins at the balance of a left-out answer shows that the others were
    # overwritten.
    name = LOST_UPDATE if stuck.before in moment.lost_saldos else UNEXPLAINED
    return jumped or _jump_to(name, stuck, moment)


def _name_jump(moment: Moment, look_back: int) -> Break | None:
    """Finds a transaction that could come next if a known one was applied twice, or lost."""
    waiting = [op for op in moment.walk.open_operations() if not op.is_reader]
    ends = {op.saldo for op in waiting}
    for operation in [op for op in waiting if op.before not in ends] or waiting:
        gap = operation.before - moment.walk.saldo
        name = APPLIED_TWICE if gap == operation.delta else _name_gap(gap, moment, look_back)
        if name:
            return _jump_to(name, operation, moment)
    return None


def _jump_to(name: str, operation: Operation, moment: Moment) -> Break:
    text = (
        f"a transaction of {operation.delta:+d} answered {operation.saldo}, so it began at "
        f"{operation.before}; what was acknowledged before it leads to {moment.walk.saldo}"
    )
    return Break(name, text, operation.before, operation)


def _name_gap(gap: int, moment: Moment, look_back: int) -> str | None:
    """Names a gap the size of a known transaction: that one was applied twice, or lost."""
    for other in moment.walk.order[: -look_back - 1 : -1]:
        if gap == other.delta:
            return APPLIED_TWICE
        if gap == -other.delta:
            return LOST_UPDATE
    return None


def _name_extrato(moment: Moment, extrato: Operation, rows: tuple[int, ...]) -> Break:
    seen = f"total {extrato.saldo}, {len(rows)} rows"
    strange = [row for row in rows if row not in moment.known_rows]
    if strange:
        refused = any(row in moment.refused_rows for row in strange)
        return Break(REFUSED_SHOWN if refused else FOREIGN_ROW, seen)
    now = len(moment.walk.rows) - 1
    shown = {at: _rows_at(moment, at) for at in range(max(0, now - SHOWN_BACK), now + 1)}
    agreeing = [at for at in shown if moment.walk.saldos[at] == extrato.saldo]
    in_time = [at for at in agreeing if at >= min(extrato.place, now)]
    for due in (shown[at] for at in in_time):
        if len(rows) < len(due) and rows == due[: len(rows)]:
            return Break(TOO_FEW_ROWS, f"{seen} where {len(due)} are due")
        if Counter(rows) == Counter(due):
            return Break(WRONG_ORDER, seen)
    if any(rows == shown[at] for at in agreeing):
        return Break(STALE, f"{seen}: right once, but before the question was sent")
    return _name_total(moment, extrato, seen, bool(in_time) or rows in shown.values())


def _name_total(moment: Moment, extrato: Operation, seen: str, half_right: bool) -> Break:
    name = _name_gap(extrato.saldo - moment.walk.saldo, moment, LOOK_BACK)
    if half_right and (name is None or extrato.saldo in moment.walk.saldos[extrato.place :]):
        return Break(TORN, f"{seen}: the total is of one moment, the rows are of another")
    text = f"{seen}; what was acknowledged leads to {moment.walk.saldo}"
    return Break(name or UNEXPLAINED, text, extrato.saldo)


def _rows_at(moment: Moment, place: int) -> tuple[int, ...]:
    return tuple(reversed(moment.walk.rows[max(1, place + 1 - ROWS_MAX) : place + 1]))
