"""The league as one HTML file: plain tables, which its own small script sorts and filters."""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256
from html import escape
from importlib.resources import files
from pathlib import Path

from loadtest.league.links import report_links, web_link
from loadtest.league.rows import Row
from loadtest.league.tables import Column, LeagueTable
from loadtest.report.data import Rule, broken_rules
from loadtest.report.html import STYLE
from loadtest.report.text import rule_texts
from loadtest.wire.outcome import one_line

HERE = files("loadtest.league")
GOOD = {"pass": "good", "fail": "bad", "invalid": ""}


def page(tables: Sequence[LeagueTable], path: Path) -> str:
    """Returns the whole page; links are relative to its path."""
    style = STYLE.read_text("utf-8") + (HERE / "page.css").read_text("utf-8")
    script = (HERE / "page.js").read_text("utf-8")
    # Only these two texts may run or be applied, whatever a report may bring into the page.
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    count = sum(len(table.rows) for table in tables)
    newest = max(row.ended_at for table in tables for row in table.rows)
    cards = "".join(card for table in tables for card in _cards(table, path))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>League</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{style}</style></head><body><main>"
        f"<h1>League</h1><p>{count} {'entry' if count == 1 else 'entries'}, the newest report of "
        f"{escape(one_line(newest))}</p>"
        f'<div class="cards">{cards}</div></main><script>{script}</script></body></html>\n'
    )


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _cards(table: LeagueTable, path: Path) -> Iterator[str]:
    columns = table.columns
    names = ["entry", "language", *(column.name for column in columns), "reports"]
    sides = [" class=n" if column.value is not None else "" for column in columns]
    heads = "".join(
        f"<th{side}>{escape(name)}</th>"
        for name, side in zip(names, ["", "", *sides, ""], strict=True)
    )
    rows = "".join(_row(row, columns, path) for row in table.rows)
    note = f"<p>{escape(table.note)}</p>" if table.note else ""
    yield (
        f'<section class="card wide"><h2>{escape(table.title)}</h2><div class="scroll">'
        f'<table class="league prose"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
        f"</div>{note}</section>"
    )
    yield f'<section class="card wide">{"".join(map(_details, table.rows))}</section>'


def _row(row: Row, columns: Sequence[Column], path: Path) -> str:
    url, name = web_link(row.about.url), escape(one_line(row.about.name))
    links = ", ".join(
        f'<a href="{escape(target)}">{escape(text)}</a>'
        for text, target in report_links(row.saved, path)
    )
    cells = [
        _cell("entry", f'<a href="{escape(url)}">{name}</a>' if url else name),
        _cell("language", escape(one_line(row.about.language))),
        *(_figure(row, column) for column in columns),
        _cell("reports", links),
    ]
    return f"<tr>{''.join(cells)}</tr>"


def _figure(row: Row, column: Column) -> str:
    text = escape(one_line(column.text(row)))
    if column.name == "verdict":
        text = f'<span class="{GOOD[row.state]}">{text}</span>'
    if column.value is None:
        return _cell(column.name, text)
    value = column.value(row)
    sorted_by = f' data-value="{value}"' if value is not None else ""
    return _cell(column.name, text, f"class=n{sorted_by}")


def _cell(name: str, inner: str, attributes: str = "") -> str:
    shown = f" {attributes}" if attributes else ""
    return f'<td data-name="{escape(name)}"{shown}>{inner}</td>'


def _details(row: Row) -> str:
    """Returns the facts of an entry and its broken rules, folded."""
    facts = [f"commit {row.about.commit}"] if row.about.commit else []
    facts += [f"changed: {change}" for change in row.about.changes]
    if row.broken is not None:
        facts.append(f"{row.broken} of {len(row.rules)} rules are broken")
    if not facts:
        return ""
    listed = "".join(f"<li>{escape(one_line(fact))}</li>" for fact in facts)
    blocks = "".join(_broken(n, alike) for n, alike in enumerate(broken_rules(row.rules), 1))
    name = escape(one_line(row.about.name))
    return f"<details><summary>{name}</summary><ul>{listed}</ul>{blocks}</details>"


def _broken(number: int, alike: Sequence[Rule]) -> str:
    """Returns a broken rule with the lines that repeat it in a shell."""
    texts = "".join(
        f"<p>{escape(name)}: {escape(one_line(text)) or '(nothing)'}</p>"
        for name, text in rule_texts(alike).items()
    )
    lines = "".join(f"<pre>{escape(one_line(line))}</pre>" for line in alike[0].repeat.splitlines())
    name = escape(one_line(alike[0].name))
    return f'<section class="broken"><h3>{number}. {name}</h3>{texts}{lines}</section>'
