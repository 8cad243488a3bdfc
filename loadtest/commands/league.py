"""The command league: one table of many saved reports, as a page, CSV, Markdown or text."""

import argparse
import sys
from functools import partial
from pathlib import Path

from loadtest.commands.output import UsageError, console_of
from loadtest.editions import any_report
from loadtest.league.entries import LeagueError, Saved, find_entries
from loadtest.league.markdown import markdown
from loadtest.league.page import page
from loadtest.league.rows import rows_of
from loadtest.league.sheet import sheet
from loadtest.league.tables import LeagueTable, tables_of
from loadtest.report.json import read_json
from loadtest.report.judgement import EXIT_FINE
from loadtest.report.table import Mark, Table
from loadtest.report.text import print_table
from loadtest.wire.outcome import one_line

HIDDEN_IN_TERMINALS = {"load"}  # the widest column; the files have it


def make_league(asked: argparse.Namespace) -> int:
    """Writes the league to each file asked for, else prints it."""
    read = partial(read_json, edition=any_report())
    try:
        found = find_entries(asked.reports, read)
        ceilings = [Saved(path, read(path)) for path in asked.ceiling]
        tables = tables_of(rows_of(found.entries), ceilings)
    except LeagueError as error:
        raise UsageError(str(error)) from error
    for reason in found.skipped:
        print(one_line(f"skipped: {reason}"), file=sys.stderr)
    files = ((asked.html, page), (asked.csv, sheet), (asked.markdown, markdown))
    written = [(path, make(tables, path)) for path, make in files if path is not None]
    for path, text in written:
        _write(path, text)
        print(one_line(f"league: {path}"))
    if not written:
        for table in tables:
            print_table(_table_of(table), console_of(asked))
    return EXIT_FINE


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except (OSError, ValueError) as error:
        # ValueError: the text cannot be encoded.
        raise UsageError(f"{path}: {getattr(error, 'strerror', None) or error}") from error


def _table_of(league: LeagueTable) -> Table:
    columns = [one for one in league.columns if one.name not in HIDDEN_IN_TERMINALS]
    rows: list[list[str | Mark]] = []
    for row in league.rows:
        verdict, *figures = [column.text(row) for column in columns]
        texts = (row.about.name, row.about.language)
        rows.append([*texts, Mark(verdict, good=row.state == "pass"), *figures])
    names = ("entry", "language", *(column.name for column in columns))
    return Table(league.title, names, rows, text_columns=(0, 1, 2), note=league.note)
