"""A set of reports as typed data: the rounds of one command, or of two interleaved targets."""

from collections.abc import Sequence
from typing import Generic, NamedTuple, TypeVar

from msgspec import Struct

from loadtest.limits import ROUNDS_MAX
from loadtest.report.data import SCHEMA_VERSION, Report

ReportT = TypeVar("ReportT", bound=Report)

# The order of two targets in a round, and in the next one. A drift of the machine that lasts for
# the whole round costs both targets the same, and the next round makes up for a curved one.
TURNS = ("ABBA", "BAAB")
RUNS_A_ROUND = len(TURNS[0])
SEVERITY = ("pass", "invalid", "fail")


class ReportSet(Struct, Generic[ReportT], kw_only=True):
    """The reports of a series of runs, oldest first.

    For a pair of targets, `order` names the target of each report: A or B.
    """

    schema: int = SCHEMA_VERSION
    order: str = ""
    reports: list[ReportT]

    def __post_init__(self) -> None:
        """Refuses a file that is not such a series."""
        most = ROUNDS_MAX * (RUNS_A_ROUND if self.order else 1)
        if not 1 <= len(self.reports) <= most:
            raise ValueError(f"a set has 1 to {most} reports, not {len(self.reports)}")
        if len(set(map(type, self.reports))) > 1:
            raise ValueError("the reports are of different editions")
        rounds = [self.order[at : at + RUNS_A_ROUND] for at in _starts(self.order)]
        if self.order and (len(self.order) != len(self.reports) or set(rounds) - set(TURNS)):
            raise ValueError(f"the order of a pair is {' and '.join(TURNS)} in turn")

    @property
    def worst(self) -> ReportT:
        """The first report of the worst verdict, which is the verdict of the set."""
        return max(self.reports, key=lambda one: SEVERITY.index(one.verdict.state))

    @property
    def valid(self) -> list[ReportT]:
        """The reports whose figures prove something about the target."""
        return [report for report in self.reports if is_valid(report)]

    def rounds(self) -> list["Turns[ReportT]"]:
        """Returns the rounds of a pair."""
        return [
            Turns(self.order[at], self.reports[at : at + RUNS_A_ROUND])
            for at in _starts(self.order)
        ]

    def target(self, side: str) -> str:
        """Returns the target of one side of a pair."""
        return self.reports[self.order.index(side)].target


class Turns(NamedTuple, Generic[ReportT]):
    """One round of a pair: its four reports, and the target that has the first and the last."""

    outer: str
    reports: Sequence[ReportT]

    @property
    def is_valid(self) -> bool:
        return all(map(is_valid, self.reports))


def is_valid(report: Report) -> bool:
    return report.load is not None and not report.load.invalid


def _starts(order: str) -> range:
    return range(0, len(order), RUNS_A_ROUND)
