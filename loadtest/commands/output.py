"""Writes a command's files, prints its report, and gives its exit code."""

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from msgspec import Struct
from rich.console import Console

from loadtest.drive.run import View
from loadtest.report.data import Report
from loadtest.report.html import write_html
from loadtest.report.json import baseline_path, write_json
from loadtest.report.judgement import EXIT_STOPPED
from loadtest.report.text import print_report

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
    written, failed = [], []
    baseline = baseline_path(asked.save_baseline) if asked.save_baseline else None
    files: tuple[tuple[str, Callable[[Data, Path], None], Path | None], ...] = (
        ("report", write_json, asked.json),
        ("page", write_page, asked.html),
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
    for line in written:
        console.print(line, markup=False)
    if failed:
        raise UsageError("; ".join(failed))


def console_of(asked: argparse.Namespace) -> Console:
    width = None if sys.stdout.isatty() else PIPED_WIDTH
    return Console(highlight=False, width=width, color_system=None if asked.plain else "auto")
