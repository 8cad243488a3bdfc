"""The command that compares saved reports: two runs, two sets of rounds, or a pair."""

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from rich.text import Text

from loadtest.commands.output import UsageError, console_of
from loadtest.editions import any_report
from loadtest.report.compare import Figure, compare, comparison_table, other_loads, remarks, unfit
from loadtest.report.data import Report
from loadtest.report.judgement import EXIT_BAD, EXIT_FINE, EXIT_INVALID
from loadtest.report.sets.data import ReportSet
from loadtest.report.sets.difference import Difference, compare_pair, compare_sets
from loadtest.report.sets.figures import figures_of
from loadtest.report.sets.file import find_set
from loadtest.report.sets.tables import difference_table
from loadtest.report.sets.text import set_description
from loadtest.report.table import Table
from loadtest.report.text import print_table
from loadtest.wire.outcome import one_line

Compared = TypeVar("Compared", Figure, Difference)
NO_LOAD = "is the report of a check: there is no load to compare"


def compare_reports(asked: argparse.Namespace) -> int:
    before = find_set(asked.before, any_report())
    if asked.after is None:
        return _compare_pair(asked, before)
    after = find_set(asked.after, any_report())
    sides = {"BEFORE": before, "AFTER": after}
    if type(before.reports[0]) is not type(after.reports[0]):
        raise UsageError(f"{asked.before} and {asked.after} are of different editions")
    for name, side in ((asked.before, before), (asked.after, after)):
        if side.order:
            raise UsageError(f"{name} has both targets of a pair: give it alone")
        if any(report.load is None for report in side.reports):
            raise UsageError(f"{name} {NO_LOAD}")
    reports = [*before.reports, *after.reports]
    other = _of_each(other_loads, reports)
    if asked.fail_on_regression is not None and other:
        raise UsageError(f"not comparable: {'; '.join(other)}")
    notes = [*other, *_of_each(remarks, reports)]
    if len(reports) == 2:
        old, new = reports
        figures, invalid = compare(old.load, new.load), unfit(old, new)
        return _conclude(asked, figures, comparison_table, notes, invalid)
    notes += [
        f"without {len(side.reports) - len(side.valid)} of {len(side.reports)} rounds of {name}, "
        "which are INVALID"
        for name, side in sides.items()
        if len(side.valid) < len(side.reports)
    ]
    invalid = [f"{name} has no valid round" for name, side in sides.items() if not side.valid]
    differences = compare_sets(
        *([figures_of(one) for one in side.valid] for side in sides.values())
    )
    table = partial(difference_table, ("before", "after"))
    return _conclude(asked, differences, table, notes, invalid)


def _compare_pair(asked: argparse.Namespace, pair: ReportSet[Any]) -> int:
    if not pair.order:
        raise UsageError(f"{asked.before} is of one target: compare it with another report")
    rounds = pair.rounds()
    left_out = sum(not turns.is_valid for turns in rounds)
    notes = [set_description(pair)]
    notes += [f"without {left_out} of {len(rounds)} rounds, which have an INVALID run"] * (
        left_out > 0
    )
    invalid = ["no round is valid"] if left_out == len(rounds) else []
    table = partial(difference_table, ("A", "B"))
    return _conclude(asked, compare_pair(pair), table, notes, invalid)


def _conclude(
    asked: argparse.Namespace, figures: Sequence[Compared],
    table: Callable[[Sequence[Compared], Sequence[Compared]], Table],
    notes: Sequence[str], invalid: Sequence[str],
) -> int:  # fmt: skip
    """Prints the comparison and returns the exit code."""
    percent = asked.fail_on_regression
    failing = [] if percent is None else [one for one in figures if one.is_regression(percent)]
    console = console_of(asked)
    for line in (*notes, *invalid):
        console.print(Text(f"note: {one_line(line)}", style="yellow"))
    print_table(table(figures, [] if invalid else failing), console)
    if percent is not None and invalid:
        return EXIT_INVALID
    return EXIT_BAD if failing else EXIT_FINE


def _of_each(notes_on: Callable[[Any, Any], list[str]], reports: Sequence[Report]) -> list[str]:
    """Returns the notes on each report beside the first one, each once."""
    first, *others = reports
    return list(dict.fromkeys(note for other in others for note in notes_on(first, other)))
