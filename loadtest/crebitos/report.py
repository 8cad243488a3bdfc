"""This edition's part of a report: the official verdict and the clients."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct, field

from loadtest.limits import REASONS_SHOWN, SLA_PERCENT, SLOW_MS
from loadtest.report.data import Check, Count, Report, Score
from loadtest.report.judgement import counts_text
from loadtest.report.table import Mark, Table
from loadtest.report.tables import count_text

REWARD_USD = "100000.00"
NOTHING_USD = "0.00"
APPLIED_TWICE = "applied twice"
NOT_DECIDED = "not decided"


class CountedBreak(Struct):
    """One kind of contradiction in a client's history: its count, and the text of the first."""

    name: str
    count: int
    text: str


class Cliente(Struct):
    """The result for one client; `unknown` counts transactions with an unknown outcome."""

    cliente: int
    operations: int
    unknown: int
    expected: int | None = None
    saldo: int | None = None
    fault: str | None = field(name="trouble", default=None)
    order: str = ""
    breaks: list[CountedBreak] = field(default_factory=list)

    @property
    def is_broken(self) -> bool:
        return self.fault is not None or bool(self.breaks)


def undecided(clientes: Sequence[Cliente]) -> list[str]:
    """Returns a reason for each client whose history is undecided: such a load proves nothing."""
    return [
        f"client {one.cliente}: whether its answers have an order is {NOT_DECIDED}"
        for one in clientes
        if one.order == NOT_DECIDED and not one.is_broken
    ]


class Counts(Struct):
    """The answers of the official run as its judge counts them."""

    total: int = 0
    ok_in_time: int = 0
    slow: int = 0
    ko: int = 0
    consistency: int = 0
    overlapped: int = 0
    left_out: int = 0


class Official(Struct):
    """The official judge's payment, with its fines and their causes."""

    counts: Counts
    expected: dict[str, int]
    complete: bool
    rehearsal: bool
    ok_percent: str
    sla_fine_usd: str
    consistency_fine_usd: str
    paid_usd: str
    failed_checks: list[Count]

    @property
    def is_paid_in_full(self) -> bool:
        return self.paid_usd == REWARD_USD


class CrebitosReport(Report, tag="crebitos", kw_only=True):
    """A report of the 2024/Q1 edition."""

    official: Official | None = None
    clientes: list[Cliente] = field(default_factory=list)

    def score(self) -> Score | None:
        if self.official is None:
            return None
        paid = Decimal(self.official.paid_usd)
        return Score("USD paid", float(paid), f"{paid:,}")

    def summary(self) -> str:
        if self.official is None:
            return ""
        rehearsal = " (REHEARSAL, not the official run)" if self.official.rehearsal else ""
        paid, reward = (f"{Decimal(usd):,}" for usd in (self.official.paid_usd, REWARD_USD))
        return f"the arena would pay USD {paid} of {reward}{rehearsal}"

    def faults(self) -> list[str]:
        found = []
        for one in self.clientes:
            found += [
                f"{broken.name} (client {one.cliente}, {broken.count} times): {broken.text}"
                for broken in one.breaks
            ]
            found += [f"client {one.cliente}: {one.fault}"] if one.fault else []
        return found

    def explains_findings(self) -> bool:
        """Returns whether something was applied twice: that takes balances below the limit too."""
        return any(one.breaks and one.breaks[0].name == APPLIED_TWICE for one in self.clientes)

    def checks(self) -> list[Check]:
        official = _official_checks(self.official) if self.official is not None else []
        clientes = [
            Check(
                f"client {one.cliente}: balance and history",
                "explained by its answers",
                "; ".join([*([one.fault] if one.fault else []), *(b.text for b in one.breaks)])
                or one.order,
                passed=not one.is_broken and one.order != NOT_DECIDED,
            )
            for one in self.clientes
        ]
        return official + clientes

    def tables(self) -> Sequence[Table]:
        tables = []
        if self.official is not None:
            tables.append(_official_table(self.official))
            if self.official.failed_checks:
                tables.append(_failed_checks_table(self.official.failed_checks))
        return [*tables, _clientes_table(self.clientes)] if self.clientes else tables


def _official_checks(official: Official) -> list[Check]:
    """Returns the official judge's checks: its own totals, then each check that failed."""
    counts, paid = official.counts, f"USD {official.paid_usd}"
    return [
        Check(
            "every request was sent",
            counts_text(official.expected),
            "all of them" if official.complete else "not all of them",
            passed=official.complete,
        ),
        Check(
            f"{SLA_PERCENT}% of the answers are right and under {SLOW_MS} ms",
            f"{SLA_PERCENT}%",
            f"{official.ok_percent}%",
            passed=official.sla_fine_usd == NOTHING_USD,
        ),
        Check(
            "no check of consistency fails",
            "0",
            f"{counts.consistency:,}",
            passed=not counts.consistency,
        ),
        Check("paid in full", f"USD {REWARD_USD}", paid, passed=official.is_paid_in_full),
        *(
            Check(one.what, "no such answer", f"{one.count:,} answers", passed=False)
            for one in official.failed_checks
        ),
    ]


def _official_table(official: Official) -> Table:
    counts = official.counts
    in_time = f"{counts.ok_in_time:,} of {counts.total:,} = {official.ok_percent}%"
    consistency = f"fine for consistency, {counts.consistency} failed"
    rows: list[tuple[str, str | Mark]] = [
        ("answers OK and under 250 ms", in_time),
        ("fine for that (98% needed)", f"USD {official.sla_fine_usd}"),
        (consistency, f"USD {official.consistency_fine_usd}"),
        ("paid", Mark(f"USD {official.paid_usd}", official.is_paid_in_full)),
        ("answers the judge calls wrong (KO)", f"{counts.ko:,}"),
        ("of these caused by the judge's own timing", f"{counts.overlapped:,}"),
    ]
    return Table("official verdict", ("", ""), rows)


def _failed_checks_table(failed: list[Count]) -> Table:
    rows = [(one.what, f"{one.count:,}") for one in failed[:REASONS_SHOWN]]
    hidden = len(failed) - REASONS_SHOWN
    note = f"and {hidden} kinds more" if hidden > 0 else ""
    return Table("failed checks", ("request and check", "count"), rows, note=note)


def _clientes_table(clientes: list[Cliente]) -> Table:
    rows = []
    for one in clientes:
        breaks = "; ".join(f"{broken.name} x{broken.count}" for broken in one.breaks)
        row = (
            str(one.cliente),
            Mark(breaks or one.order, not one.is_broken),
            count_text(one.saldo),
            count_text(one.expected),
            f"{one.operations:,}",
            f"{one.unknown:,}",
        )
        rows.append(row)
    columns = ("client", "order", "balance", "answers add up to", "operations", "unanswered")
    return Table("balances and histories", columns, rows, text_columns=(1,))
