"""The league as Markdown: the tables, then each entry with its broken rules as shell lines."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from loadtest.league.links import report_links, web_link
from loadtest.league.rows import Row
from loadtest.league.tables import LeagueTable
from loadtest.limits import ANSWER_CHARACTERS_MAX
from loadtest.report.data import broken_rules
from loadtest.report.text import rule_texts
from loadtest.wire.outcome import one_line, printable

MEANS_SOMETHING = re.compile(r"([\\`*_\[\]<>|~&$]|^[-+#])")


def markdown(tables: Sequence[LeagueTable], path: Path) -> str:
    """Returns the whole file; links are relative to its path."""
    lines = ["# League", ""]
    for table in tables:
        lines += [f"## {plain(table.title)}", "", *_table(table, path), ""]
        lines += [f"{plain(table.note)}.", ""] if table.note else []
        for row in table.rows:
            lines += [f"### {plain(row.about.name)}", "", *_entry(row)]
    return "\n".join(lines).rstrip() + "\n"


def plain(text: str) -> str:
    """Returns a text on one line without any meaning in Markdown."""
    return MEANS_SOMETHING.sub(r"\\\1", one_line(text))


def _table(table: LeagueTable, path: Path) -> Iterator[str]:
    columns = table.columns
    yield _line(["entry", "language", *(column.name for column in columns), "reports"])
    sides = ["---" if column.value is None else "---:" for column in columns]
    yield _line(["---", "---", *sides, "---"])
    for row in table.rows:
        url = web_link(row.about.url)
        name = plain(row.about.name)
        texts = (row.about.language, *(column.text(row) for column in columns))
        links = [f"[{plain(text)}]({target})" for text, target in report_links(row.saved, path)]
        yield _line([f"[{name}]({url})" if url else name, *map(plain, texts), ", ".join(links)])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _entry(row: Row) -> Iterator[str]:
    """Yields the lines of an entry: its commit, what was changed in it, and its broken rules."""
    if row.about.commit:
        yield f"- commit: {plain(row.about.commit)}"
    yield from (f"- changed: {plain(change)}" for change in row.about.changes)
    if row.broken is not None:
        yield f"- broken rules: {row.broken} of {len(row.rules)}"
    yield ""
    for number, alike in enumerate(broken_rules(row.rules), 1):
        yield f"{number}. {plain(alike[0].name)}"
        for name, text in rule_texts(alike).items():
            yield f"   - {name}: {plain(printable(text, ANSWER_CHARACTERS_MAX)) or '(nothing)'}"
        yield ""
        yield from (f"   {line}".rstrip() for line in _code(alike[0].repeat))
        yield ""


def _code(repeat: str) -> list[str]:
    """Returns shell lines between fences that are longer than any in them."""
    lines = [one_line(line) for line in repeat.splitlines()]
    runs = [len(run) for line in lines for run in re.findall("`+", line)]
    fence = "`" * max(3, *(length + 1 for length in runs), 0)
    return [f"{fence}sh", *lines, fence]
