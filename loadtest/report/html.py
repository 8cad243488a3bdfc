"""The report as one HTML file that needs nothing else: no network, no script."""

from collections.abc import Callable, Sequence
from functools import partial
from html import escape
from importlib.resources import files
from pathlib import Path

from msgspec import UNSET, UnsetType

from loadtest.limits import REASONS_SHOWN
from loadtest.measure.target.usage import Used
from loadtest.report.charts import latency_chart, percentile_chart, rate_chart, usage_chart
from loadtest.report.data import Load, Report, Rule, broken_rules
from loadtest.report.head import headline, reasons
from loadtest.report.table import Mark, Table
from loadtest.report.tables import (
    duration,
    generator_table,
    latency_table,
    megabytes,
    outcome_table,
    spread_text,
)
from loadtest.report.text import rule_texts

STYLE = files("loadtest.report") / "page.css"
MEGABYTE = 1_000_000
# Widths in characters: bounds of a text column's least width, and the width from which a table gets
# a line of its own.
LEAST_MAX = 26
LINE_MIN = 12
LINES_OF_A_CELL = 3
WIDE_TABLE = 54


def write_html(report: Report, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(report), encoding="utf-8")


def page(report: Report) -> str:
    """Returns the whole page: the verdict, then the evidence for it."""
    cards = [table_card(table) for table in report.every_table()]
    if report.load is not None:
        cards += _load_cards(report.load)
    cards += rules_cards(report.rules)
    title = f"{headline(report)} · {report.target}"
    inner = f'{_verdict(report)}{_tiles(report.load)}<div class="cards">{"".join(cards)}</div>'
    return document(title, inner, f"{report.ended_at} · report schema {report.schema}")


def document(title: str, inner: str, footer: str) -> str:
    """Returns a page around its sections."""
    style = STYLE.read_text("utf-8")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{style}</style></head><body><main>{inner}"
        f"<footer>{escape(footer)}</footer></main></body></html>\n"
    )


def _verdict(report: Report) -> str:
    word, _, rest = headline(report).partition(":")
    seed = f" · seed {report.seed}" if report.seed is not None else ""
    # The reasons of a check are its broken rules, which follow below.
    kinds = reasons(report) if report.load is not None or report.arena is not UNSET else []
    listed = "".join(_listed(title, texts) for title, texts in kinds)
    listed += _listed("", report.notes)
    where = escape(f"{report.target} · {report.way}{seed}")
    return (
        f'<section class="verdict {report.verdict.state}"><h1><b>{word}</b>{escape(":" + rest)}'
        f"</h1><p>{where}</p>{listed}</section>"
    )


def _listed(title: str, texts: Sequence[str]) -> str:
    """Returns texts as a list; all but the first ones are folded."""
    items = [f"<li>{escape(text)}</li>" for text in texts]
    parts = [f"<p>{escape(title)}</p>"] if title else []
    parts += [f"<ul>{''.join(items[:REASONS_SHOWN])}</ul>"] if items else []
    if len(items) > REASONS_SHOWN:
        more = f"<ul>{''.join(items[REASONS_SHOWN:])}</ul>"
        parts.append(folded(f"{len(items) - REASONS_SHOWN} more", more))
    return "".join(parts)


def _tiles(load: Load | None) -> str:
    if load is None:
        return '<div class="tiles"></div>'
    response = load.answered("response").figures_us()
    generator, wanted = load.generator, load.rate.wanted
    paced = "as Gatling drove it" if generator is None else "as fast as answers came"
    clock = "by Gatling's clock" if generator is None else "from the moment it was due"
    tiles = [
        ("requests", f"{load.totals.done:,}", f"{load.totals.failures:,} failed"),
        ("rate", f"{load.rate.achieved:,.0f}/s", f"{wanted:,.1f}/s wanted" if wanted else paced),
        ("response time p50", duration(response["p50"]), clock),
        (
            "response time p99",
            duration(response["p99"]),
            f"p99.9 {duration(response['p99.9'])}",
        ),
        ("slowest", duration(response["max"]), spread_text(response)),
    ]
    if not isinstance(load.throughput, UnsetType):
        one = load.throughput
        received = f"{megabytes(one.received_bytes_per_s)} MB/s"
        whole = f"{megabytes(one.received_bytes)} MB, {megabytes(one.sent_bytes)} MB sent"
        tiles.append(("received", received, whole))
    if generator is not None:
        late = f"sent late by {generator.late_p99_us:,} us at p99"
        tiles.append(("generator CPU a request", f"{generator.cpu_us_per_request:.1f} us", late))
    return tiles_of(tiles)


def tiles_of(tiles: Sequence[tuple[str, str, str]]) -> str:
    """Returns the largest figures: the name, the value and a remark of each."""
    inner = "".join(
        f'<div class="tile"><span>{name}</span><strong>{value}</strong><small>{small}</small></div>'
        for name, value, small in tiles
    )
    return f'<div class="tiles">{inner}</div>'


def card(title: str, inner: str, *, wide: bool = False) -> str:
    width = " wide" if wide else ""
    heading = escape(title[:1].upper() + title[1:])
    return f'<section class="card{width}"><h2>{heading}</h2>{inner}</section>'


def folded(summary: str, inner: str) -> str:
    return f"<details><summary>{escape(summary)}</summary>{inner}</details>"


def table_card(table: Table) -> str:
    width = sum(map(partial(_width, table), range(len(table.columns))))
    return card(table.title, _table(table), wide=width > WIDE_TABLE)


def _table(table: Table) -> str:
    numbered = range(len(table.columns))
    prose = set(numbered) <= set(table.text_columns) and any(table.columns)
    sides = [
        f'class="fold" style="--least:{_width(table, place)}ch"' if place in table.text_columns
        else 'class="n"'
        for place in numbered
    ]  # fmt: skip
    names = "".join(
        f"<th {side}>{escape(name)}</th>" for side, name in zip(sides, table.columns, strict=True)
    )
    # For narrow screens, which stack the cells of prose.
    named = [f' data-name="{escape(name)}"' if prose else "" for name in table.columns]
    rows = "".join(
        "<tr>"
        + "".join(
            f"<td {side}{name}>{_cell(cell)}</td>"
            for side, name, cell in zip(sides, named, row, strict=True)
        )
        + "</tr>"
        for row in table.rows
    )
    head = f"<thead><tr>{names}</tr></thead>" if any(table.columns) else ""
    note = f"<p>{escape(table.note)}</p>" if table.note else ""
    kind = ' class="prose"' if prose else ""
    body = f"<table{kind}>{head}<tbody>{rows}</tbody></table>"
    return f'<div class="scroll">{body}</div>{note}'


def _width(table: Table, place: int) -> int:
    """Returns the least width of a column.

    Numbers are never broken. Text has room for its longest word, and for its longest cell in three
    lines.
    """
    cells = [_text_of(row[place]) for row in table.rows]
    texts = [table.columns[place], *cells]
    word = max((len(word) for text in texts for word in text.split()), default=0)
    longest = max(map(len, texts))
    if place not in table.text_columns:
        return max(word, *map(len, cells), 0)
    return min(max(word, longest // LINES_OF_A_CELL, min(longest, LINE_MIN)), LEAST_MAX)


def _text_of(cell: str | Mark) -> str:
    return cell if isinstance(cell, str) else cell.text


def _cell(cell: str | Mark) -> str:
    if isinstance(cell, str):
        return escape(cell)
    return f'<span class="{"good" if cell.good else "bad"}">{escape(cell.text)}</span>'


def _load_cards(load: Load) -> list[str]:
    cards = []
    if load.totals.answers:
        cards += [
            card("latency by percentile", percentile_chart(load)),
            card("latency over time", latency_chart(load)),
            card("rate over time", rate_chart(load)),
            table_card(latency_table(load)),
        ]
    samples = load.target_usage.samples
    used = [part for sample in samples for part in sample.parts.values()]
    if used:
        charts: dict[str, Callable[[Used], float]] = {
            "target CPU, in cores": lambda part: part.cpu,
            "target memory, in MB": lambda part: part.memory_bytes / MEGABYTE,
        }
        if any(part.throttled_s > 0 for part in used):
            charts["target throttled, seconds in each second"] = lambda part: part.throttled_s
        cards += [card(title, usage_chart(load, title, figure)) for title, figure in charts.items()]
    cards.append(table_card(outcome_table(load)))
    if load.generator is not None:
        cards.append(table_card(generator_table(load.generator)))
    if load.examples:
        blocks = [_block(one.what, {"got": one.answer}, one.repeat) for one in load.examples]
        cards.append(card("examples of what failed", "".join(blocks), wide=True))
    return cards


def _block(title: str, texts: dict[str, str], repeat: str) -> str:
    """Returns a fault in full, with the lines that repeat it in a shell."""
    rows = [(name, text or "(nothing)") for name, text in texts.items()]
    lines = "".join(f"<pre>{escape(line)}</pre>" for line in repeat.splitlines())
    inner = _table(Table("", ("", ""), rows, text_columns=(0, 1))) + lines
    return f'<details class="broken" open><summary>{escape(title)}</summary>{inner}</details>'


def rules_cards(rules: Sequence[Rule]) -> list[str]:
    """Returns the rules as cards: the broken ones open and first, the others folded by group."""
    cards, broken, fine = [], broken_rules(rules), [rule for rule in rules if rule.passed]
    if broken:
        blocks = [
            _block(f"{number}. {alike[0].name}", rule_texts(alike), alike[0].repeat)
            for number, alike in enumerate(broken, 1)
        ]
        title = f"broken rules: {len(rules) - len(fine)} of {len(rules)}"
        cards.append(card(title, "".join(blocks), wide=True))
    groups = []
    for group in dict.fromkeys(rule.group for rule in fine):
        rows = [(one.name, one.expected, one.answer) for one in fine if one.group == group]
        table = Table("", ("rule", "expected", "got"), rows, text_columns=range(3))
        groups.append(folded(f"{group}: {len(rows)}", _table(table)))
    if groups:
        cards.append(card(f"rules that hold: {len(fine)}", "".join(groups), wide=True))
    return cards
