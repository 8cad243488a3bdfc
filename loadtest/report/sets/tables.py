"""The tables of a set: the summary of its rounds, the rounds, and the comparison of two targets."""

from collections.abc import Sequence
from typing import Any

from loadtest.report.compare import CANNOT_TELL
from loadtest.report.data import Report
from loadtest.report.sets.data import RUNS_A_ROUND, ReportSet, is_valid
from loadtest.report.sets.difference import Difference, Range
from loadtest.report.sets.figures import figures_of, kind_of, shared_names
from loadtest.report.sets.middle import interval_text, middle
from loadtest.report.table import Mark, Table

RATIO_SHOWN_MAX = 1000
DIFFERENCES_NOTE = (
    'interval: of the ratio, all of them together with 95% confidence; "cannot tell": 1 is in the '
    "interval, or fewer than three rounds were valid; against itself: the ratios of one run of a "
    "target to its next run, which shows the noise of the machine"
)


def summary_table(reports: Sequence[Report]) -> Table:
    """Returns the median, its interval and the spread of each figure over the valid rounds."""
    runs = [figures_of(report) for report in reports if is_valid(report)]
    rows = []
    for name in shared_names(runs):
        text, mid = kind_of(name).text, middle([run[name] for run in runs])
        interval = f"{text(mid.lowest)} to {text(mid.highest)}"
        rows.append((name, text(mid.median), interval, f"{mid.spread:.1%}"))
    left_out = len(reports) - len(runs)
    notes = [interval_text(len(runs))] if runs else []
    notes += ["spread: from the lowest to the highest round, relative to the median"]
    notes += [f"without {left_out} of {len(reports)} runs, which are INVALID"] if left_out else []
    columns = ("figure", "median", "interval", "spread")
    return Table(f"medians of {len(runs)} runs", columns, rows, note="; ".join(notes))


def rounds_table(reports: Sequence[Report], names: Sequence[str]) -> Table:
    """Returns the verdict and the figures of each round."""
    runs = [figures_of(report) for report in reports]
    shown = list(dict.fromkeys(name for run in runs for name in run))
    rows: list[tuple[str | Mark, ...]] = [
        (
            name,
            Mark(report.verdict.state.upper(), report.verdict.state == "pass"),
            *(kind_of(one).number(run[one]) if one in run else "" for one in shown),
        )
        for name, report, run in zip(names, reports, runs, strict=True)
    ]
    units = [f"{name} {kind_of(name).unit}".rstrip() for name in shown]
    return Table("rounds", ("round", "verdict", *units), rows, text_columns=(0, 1))


def difference_table(
    names: tuple[str, str], differences: Sequence[Difference], failing: Sequence[Difference] = ()
) -> Table:
    rows = []
    for one in differences:
        text, verdict = kind_of(one.name).text, one.verdict
        mark = "REGRESSION" if one in failing else verdict
        row = (
            one.name,
            text(one.before),
            text(one.after),
            _ratio(one.ratio),
            _range(one.interval),
            _range(one.itself),
            verdict if verdict == CANNOT_TELL else Mark(mark, verdict == "better"),
        )
        rows.append(row)
    columns = ("figure", *names, "ratio", "interval", "against itself", "verdict")
    title = f"{sentence(names, differences)} (ratios; above 1 is worse)"
    return Table(title, columns, rows, text_columns=(0, 6), note=DIFFERENCES_NOTE)


def sentence(names: tuple[str, str], differences: Sequence[Difference]) -> str:
    """Returns the comparison in one sentence: the figures of each verdict."""
    before, after = names
    parts = []
    for verdict in ("worse", "better"):
        alike = [one for one in differences if one.verdict == verdict]
        if alike:
            listed = ", ".join(f"{one.name} ({_ratio(one.ratio)})" for one in alike)
            parts.append(f"{verdict} than {before} in {listed}")
    unknown = ", ".join(one.name for one in differences if one.verdict == CANNOT_TELL)
    if not parts:
        return f"{after} against {before}: cannot tell a difference"
    return f"{after} is {', '.join(parts)}{f'; cannot tell: {unknown}' if unknown else ''}"


def names_of(found: ReportSet[Any]) -> list[str]:
    """Returns the names of the runs: the round and, in a pair, the target."""
    if not found.order:
        return [str(number) for number, _ in enumerate(found.reports, 1)]
    sides = enumerate(found.order)
    return [f"{at // RUNS_A_ROUND + 1} {side}" for at, side in sides]


def _range(ratios: Range | None) -> str:
    if ratios is None:
        return ""
    return f"{_ratio(ratios.lowest)} to {_ratio(ratios.highest)}"


def _ratio(ratio: float) -> str:
    return f"{ratio:.3f}" if ratio <= RATIO_SHOWN_MAX else f"over {RATIO_SHOWN_MAX}"
