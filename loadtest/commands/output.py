"""Writes a command's files, prints its report, and gives its exit code."""

import argparse
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct
from rich.console import Console
from rich.text import Text

from loadtest.drive.run import View
from loadtest.report.data import Report
from loadtest.report.difference import difference
from loadtest.report.html import write_html
from loadtest.report.json import baseline_path, write_json
from loadtest.report.judgement import EXIT_STOPPED
from loadtest.report.junit import write_junit
from loadtest.report.markdown import write_markdown
from loadtest.report.sets.data import ReportSet
from loadtest.report.text import print_report, print_table
from loadtest.wire.outcome import one_line

Data = TypeVar("Data", bound=Struct)

PIPED_WIDTH = 140  # a pipe has no width; this one keeps the tables whole


class UsageError(Exception):
    """A command that cannot run as asked; the text says why."""


def finish(asked: argparse.Namespace, report: Report, view: View | None = None) -> int:
    """Writes the files, prints the report and returns the exit code."""
    shown = partial(print_report, report, every_rule=asked.every_rule)
    deliver(asked, report, write_html, shown)
    stopped = report.load is not None and report.load.interrupted
    if stopped and view is not None and not view.quit_by_key:
        return EXIT_STOPPED
    return report.verdict.exit_code


def deliver(
    asked: argparse.Namespace,
    data: Data,
    write_page: Callable[[Data, Path], None],
    show: Callable[[Console], None],
) -> None:
    """Writes a report, or a set of them, to the files that were asked for, and shows it.

    The files come first, so that they are complete even if standard output is closed early.
    """
    written, failed, worst = [], [], _worst_of(data)
    baseline = baseline_path(asked.save_baseline) if asked.save_baseline else None
    files: tuple[tuple[str, Callable[[Data, Path], None], Path | None], ...] = (
        ("report", write_json, asked.json),
        ("page", write_page, asked.html),
        ("test cases", lambda _, path: write_junit(worst, path), asked.junit),
        ("comment", lambda _, path: write_markdown(worst, path, asked.baseline), asked.markdown),
        (f"baseline {asked.save_baseline}", write_json, baseline),
    )
    for name, write, path in files:
        if path is not None:
            try:
                write(data, path)
                written.append(f"{name}: {path}")
            except (OSError, ValueError) as error:
                # ValueError: the text cannot be encoded. The verdict is printed all the same.
                failed.append(f"{path}: {getattr(error, 'strerror', None) or error}")
    console = console_of(asked)
    show(console)
    if asked.baseline is not None:
        _print_difference(asked.baseline, worst, console)
    for line in written:
        console.print(line, markup=False)
    if failed:
        raise UsageError("; ".join(failed))


def _worst_of(data: Struct) -> Report:
    """Returns the report, or that of a set whose verdict is the set's."""
    report: Any = data.worst if isinstance(data, ReportSet) else data
    assert isinstance(report, Report)
    return report


def _print_difference(baseline: Report, report: Report, console: Console) -> None:
    notes, table = difference(baseline, report)
    for note in notes:
        console.print(Text(f"note: {one_line(note)}", style="yellow"))
    if table is not None:
        print_table(table, console)


def drop_output() -> None:
    """Sends the rest of standard output nowhere: flushing it at the end would fail once more."""
    with open(os.devnull, "wb") as nowhere, suppress(OSError, ValueError):  # noqa: PTH123
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def console_of(asked: argparse.Namespace) -> Console:
    width = None if sys.stdout.isatty() else PIPED_WIDTH
    return Console(highlight=False, width=width, color_system=None if asked.plain else "auto")
