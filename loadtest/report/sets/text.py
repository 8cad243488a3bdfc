"""A set of reports for a terminal or a log: verdict first, then medians, then the rounds."""

from typing import Any

from rich.console import Console
from rich.text import Text

from loadtest.limits import REASONS_SHOWN
from loadtest.report.data import Report
from loadtest.report.head import headline
from loadtest.report.sets.data import ReportSet
from loadtest.report.sets.difference import compare_pair
from loadtest.report.sets.figures import figures_of, kind_of
from loadtest.report.sets.tables import difference_table, names_of, rounds_table, summary_table
from loadtest.report.table import Table
from loadtest.report.text import STATE_STYLES, print_table
from loadtest.wire.outcome import one_line


def print_set(found: ReportSet[Any], console: Console) -> None:
    """Prints what all rounds say together, the verdict first."""
    console.print(Text(set_headline(found), style=STATE_STYLES[found.worst.verdict.state]))
    for line in broken_rounds(found)[:REASONS_SHOWN]:
        console.print(Text(f"  - {one_line(line)}"))
    console.print(Text(f"{one_line(set_description(found))}\n"))
    for table in set_tables(found):
        print_table(table, console)


def set_headline(found: ReportSet[Any]) -> str:
    """Returns the worst verdict, and how many rounds have it."""
    reports, state = found.reports, found.worst.verdict.state
    runs = "runs" if found.order else "rounds"
    if state == "pass":
        return f"PASS: {_count(len(reports), runs)}"
    alike = sum(report.verdict.state == state for report in reports)
    return f"{state.upper()}: {alike} of {_count(len(reports), runs)}"


def broken_rounds(found: ReportSet[Any]) -> list[str]:
    """Returns the headline of each round that did not pass, or why it says nothing."""
    return [
        f"round {name}: {_why_broken(report)}"
        for name, report in zip(names_of(found), found.reports, strict=True)
        if report.verdict.state != "pass"
    ]


def _why_broken(report: Report) -> str:
    reasons = report.verdict.reasons
    if report.verdict.state == "invalid" and reasons:
        return f"INVALID: {one_line(reasons[0])}"
    return headline(report)


def set_description(found: ReportSet[Any]) -> str:
    """Returns targets, load and first seed in words."""
    first = found.reports[0]
    if found.order:
        where = f"A is {found.target('A')}, B is {found.target('B')}, interleaved"
    else:
        where = ", ".join(dict.fromkeys(report.target for report in found.reports))
    seed = f", seeds from {first.seed}" if first.seed is not None else ""
    return f"{where}: {first.way}{seed}"


def set_tables(found: ReportSet[Any]) -> list[Table]:
    names = names_of(found)
    if not found.order:
        summary = [summary_table(found.reports)] if found.valid else []
        return [*summary, rounds_table(found.reports, names)]
    differences = difference_table(("A", "B"), compare_pair(found))
    return [differences, rounds_table(found.reports, names)]


def round_line(report: Report) -> str:
    """Returns a finished run in one line."""
    figures = [f"{name} {kind_of(name).text(value)}" for name, value in figures_of(report).items()]
    verdict = "PASS" if report.verdict.state == "pass" else one_line(headline(report))
    return ", ".join([verdict, *figures])


def _count(number: int, things: str) -> str:
    return f"{number} {things if number != 1 else things.removesuffix('s')}"
