"""The figures by which rounds are summarized and compared."""

from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

from loadtest.report.compare import cpu_us_per_answer
from loadtest.report.data import PERCENTS, Report

Figures = dict[str, float]


class Kind(NamedTuple):
    """The unit and format of a figure, and which of two values is the better one."""

    unit: str
    digits: int
    more_is_better: bool = False
    # Not measured but counted: equal services get the same value, without any noise.
    is_exact: bool = False

    def number(self, value: float) -> str:
        number = f"{value:,.{self.digits}f}"
        return number.removesuffix(".00") if self.is_exact else number

    def text(self, value: float) -> str:
        space = " " if self.unit.isalpha() else ""
        return f"{self.number(value)}{space}{self.unit}"


KINDS = {
    **{f"p{percent:g}": Kind("ms", 3) for percent in PERCENTS},
    "max": Kind("ms", 3),
    "rate": Kind("/s", 1, more_is_better=True),
    "CPU per answer": Kind("us", 1),
}
# The edition's own score, by the name that the edition gives it.
SCORE = Kind("", 2, more_is_better=True, is_exact=True)


def kind_of(name: str) -> Kind:
    return KINDS.get(name, SCORE)


def figures_of(report: Report) -> Figures:
    """Returns the figures that the report has, by name."""
    found: Figures = {}
    load = report.load
    if load is not None and load.totals.answers:
        times = load.answered("response")
        values_us = (*times.percentiles(PERCENTS), times.max_us)
        names = (*(f"p{percent:g}" for percent in PERCENTS), "max")
        # A clock of whole microseconds may show 0.
        found = {name: max(us, 1) / 1000 for name, us in zip(names, values_us, strict=True)}
        if load.rate.achieved:
            found["rate"] = load.rate.achieved
        if used_us := cpu_us_per_answer(load):
            found["CPU per answer"] = fmean(used_us)
    score = report.score()
    return found if score is None else {**found, score.name: score.value}


def shared_names(runs: Sequence[Figures]) -> list[str]:
    """Returns the names of the figures that all runs have."""
    return [name for name in (runs[0] if runs else ()) if all(name in run for run in runs)]
