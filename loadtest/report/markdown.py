"""The report as Markdown, for a comment on a pull request or the summary of a CI job.

It quotes the target only inside `code` and `pre`: there GitHub and GitLab make no link, mention or
picture of it.
"""

import re
from collections.abc import Iterator
from html import escape
from pathlib import Path

from loadtest.limits import (
    ANSWER_CHARACTERS_MAX,
    CELL_CHARACTERS_MAX,
    MARKDOWN_CHARACTERS_MAX,
    REASON_CHARACTERS_MAX,
    REASONS_SHOWN,
)
from loadtest.report.data import Load, Report, broken_rules
from loadtest.report.difference import difference
from loadtest.report.table import Mark, Table
from loadtest.report.tables import latency_table, usage_table
from loadtest.report.text import rule_texts
from loadtest.wire.outcome import printable

SIGNS = {"pass": "✅", "fail": "❌", "invalid": "⚠️"}
# Text in which no renderer finds Markdown, HTML, a link or a name: a dot stands only in a number.
HARMLESS = re.compile(
    r"(?:[A-Za-z0-9 ,;%()\"'-]|(?<=[0-9])\.(?=[0-9])|:(?= |$)|(?<= )=(?= )|(?<!/)/(?!/))*"
)


def write_markdown(report: Report, path: Path, baseline: Report | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(markdown(report, baseline), encoding="utf-8")


def markdown(report: Report, baseline: Report | None = None) -> str:
    """Returns the document; a block for which there is no room is left out, and counted."""
    room, left_out, taken = MARKDOWN_CHARACTERS_MAX, 0, []
    for block in _blocks(report, baseline):
        if len(block) + 1 > room:
            left_out += 1
        else:
            taken.append(block)
            room -= len(block) + 1
    if left_out:
        taken.append(f"And {left_out} parts more: the JSON report has them.\n")
    return "\n".join(taken)


def _blocks(report: Report, baseline: Report | None) -> Iterator[str]:
    """Yields the verdict, its reasons, the figures, and what is broken, in the order of weight."""
    state, summary = report.verdict.state, _cut(report.summary(), REASON_CHARACTERS_MAX)
    yield f"### {SIGNS[state]} {state.upper()}{': ' if summary else ''}{summary}\n"
    broken = sum(not rule.passed for rule in report.rules)
    if report.rules:
        yield f"{broken} of {len(report.rules)} rules of the contract are broken.\n"
    # The reasons of a check are its broken rules, which follow.
    reasons = report.verdict.reasons if len(report.verdict.reasons) > broken else []
    for reason in reasons[:REASONS_SHOWN]:
        yield f"- {_cut(reason, REASON_CHARACTERS_MAX)}"
    if len(reasons) > REASONS_SHOWN:
        yield f"- and {len(reasons) - REASONS_SHOWN} more"
    seed = "" if report.seed is None else f", seed {report.seed}"
    yield f"\n{_cut(f'{report.target}: {report.way}{seed}', REASON_CHARACTERS_MAX)}\n"
    yield from map(_table, report.every_table())
    if report.load is not None:
        yield from _figures(report.load)
    if baseline is not None:
        yield from _difference(baseline, report)
    for number, alike in enumerate(broken_rules(report.rules), 1):
        yield _folded(f"{number}. {alike[0].name}", rule_texts(alike), alike[0].repeat)
    for example in report.load.examples if report.load is not None else ():
        yield _folded(f"example: {example.what}", {"got": example.answer}, example.repeat)
    for note in report.notes:
        yield f"{_cut(f'note: {note}', REASON_CHARACTERS_MAX)}\n"


def _figures(load: Load) -> Iterator[str]:
    yield _table(_load_table(load))
    if load.totals.answers:
        yield _table(latency_table(load))
    if load.target_usage.samples:
        yield _table(usage_table(load))


def _load_table(load: Load) -> Table:
    wanted = "" if load.rate.wanted is None else f" of {load.rate.wanted:,.1f} wanted"
    row = (
        f"{load.totals.done:,}",
        f"{load.totals.failures:,}",
        f"{load.rate.achieved:,.1f}/s{wanted}",
        f"{load.rate.elapsed_s:.1f} s",
    )
    return Table("", ("requests", "failed", "rate", "duration"), [row], ())


def _difference(baseline: Report, report: Report) -> Iterator[str]:
    notes, table = difference(baseline, report)
    for note in notes:
        yield f"{_cut(f'note: {note}', REASON_CHARACTERS_MAX)}\n"
    if table is not None:
        yield _table(table)


def _table(table: Table) -> str:
    sides = [":--" if place in table.text_columns else "--:" for place in range(len(table.columns))]
    rows = [table.columns, *table.rows]
    lines = [f"| {' | '.join(map(_cell, row))} |" for row in rows]
    lines.insert(1, f"|{'|'.join(sides)}|")
    title = [f"**{_cut(table.title, REASON_CHARACTERS_MAX)}**", ""] if table.title else []
    return "\n".join([*title, *lines, ""])


def _cell(cell: str | Mark) -> str:
    if isinstance(cell, str):
        return _cut(cell, CELL_CHARACTERS_MAX)
    return f"**{_cut(cell.text, CELL_CHARACTERS_MAX)}**" if cell.text else ""


def _folded(title: str, texts: dict[str, str], repeat: str) -> str:
    """Returns a fault, collapsed under its title, with the lines that repeat it in a shell."""
    width = max(map(len, texts))
    lines = [
        f"{name:{width}} {printable(text, ANSWER_CHARACTERS_MAX) or '(nothing)'}"
        for name, text in texts.items()
    ]
    # A blank line would end the HTML.
    lines += [printable(line) for line in repeat.splitlines() if line.strip()]
    body = escape("\n".join(lines))
    summary = escape(printable(title, CELL_CHARACTERS_MAX))
    return f"<details><summary><code>{summary}</code></summary>\n<pre>{body}</pre>\n</details>\n"


def _cut(text: str, most: int) -> str:
    """Returns a text that is shown as it is, cut short, and in `code` if it may mean something."""
    text = printable(text, most)
    if HARMLESS.fullmatch(text):
        return text
    inner = "".join(one if one.isalnum() or one == " " else f"&#{ord(one)};" for one in text)
    return f"<code>{inner}</code>"
