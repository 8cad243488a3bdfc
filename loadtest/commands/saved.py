"""The commands that show saved reports again, and the schema of a report."""

import argparse
from functools import partial

from loadtest.commands.output import deliver, finish
from loadtest.editions import any_report
from loadtest.report.judgement import EXIT_FINE
from loadtest.report.schema import report_schema
from loadtest.report.sets.file import find_set
from loadtest.report.sets.html import write_set_html
from loadtest.report.sets.text import print_set


def show_report(asked: argparse.Namespace) -> int:
    """Shows a saved report, or a set of them, again; the exit code is 0 for any verdict."""
    found = find_set(asked.file, any_report())
    if len(found.reports) == 1:
        finish(asked, found.reports[0])
    else:
        deliver(asked, found, write_set_html, partial(print_set, found))
    return EXIT_FINE


def print_schema(_asked: argparse.Namespace) -> int:
    print(report_schema(any_report()).decode(), end="")
    return EXIT_FINE
