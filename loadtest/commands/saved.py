"""The commands on saved reports: compare, report."""

import argparse

from rich.text import Text

from loadtest.commands.output import UsageError, console_of, finish
from loadtest.editions import any_report
from loadtest.report.compare import compare, comparison_table, other_loads, remarks, unfit
from loadtest.report.json import find_report
from loadtest.report.judgement import EXIT_BAD, EXIT_FINE, EXIT_INVALID
from loadtest.report.text import print_table
from loadtest.wire.outcome import one_line


def show_report(asked: argparse.Namespace) -> int:
    """Shows a saved report again; the exit code is 0 for any verdict."""
    finish(asked, find_report(asked.file, any_report()))
    return EXIT_FINE


def compare_reports(asked: argparse.Namespace) -> int:
    before, after = (find_report(name, any_report()) for name in (asked.before, asked.after))
    if type(before) is not type(after):
        raise UsageError(f"{asked.before} and {asked.after} are of different editions")
    for name, report in ((asked.before, before), (asked.after, after)):
        if report.load is None:
            raise UsageError(f"{name} is the report of a check: there is no load to compare")
    percent, other = asked.fail_on_regression, other_loads(before, after)
    if percent is not None and other:
        raise UsageError(f"not comparable: {'; '.join(other)}")
    figures, invalid = compare(before.load, after.load), unfit(before, after)
    failing = [] if percent is None else [one for one in figures if one.is_regression(percent)]
    console = console_of(asked)
    for line in (*other, *remarks(before, after), *invalid):
        console.print(Text(f"note: {one_line(line)}", style="yellow"))
    print_table(comparison_table(figures, [] if invalid else failing), console)
    if percent is not None and invalid:
        return EXIT_INVALID
    return EXIT_BAD if failing else EXIT_FINE
