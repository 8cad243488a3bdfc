"""A set of reports as one HTML file: the medians or the comparison, then each round, folded."""

from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from loadtest.report.data import Report
from loadtest.report.head import headline
from loadtest.report.html import (
    card,
    document,
    folded,
    rules_cards,
    table_card,
    tiles_of,
)
from loadtest.report.sets.data import ReportSet
from loadtest.report.sets.figures import figures_of, kind_of, shared_names
from loadtest.report.sets.middle import middle
from loadtest.report.sets.tables import names_of
from loadtest.report.sets.text import broken_rounds, set_description, set_headline, set_tables
from loadtest.report.svg import Axis, Series, line_chart, linear_axis, logarithmic_axis
from loadtest.report.tables import latency_table, outcome_table

TIMES = ("p50", "p99", "max")
TICKS_MAX = 12


def write_set_html(found: ReportSet[Any], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(set_page(found), encoding="utf-8")


def set_page(found: ReportSet[Any]) -> str:
    """Returns the page: the verdict, the medians or the comparison, and the rounds."""
    head, where = set_headline(found), set_description(found)
    top = _verdict(found.worst.verdict.state, head, where, broken_rounds(found))
    cards = [*map(table_card, set_tables(found)), *_charts(found)]
    rounds = "".join(
        folded(f"round {name}: {headline(report)}", _round(report))
        for name, report in zip(names_of(found), found.reports, strict=True)
    )
    cards.append(card("each round", rounds, wide=True))
    inner = f'{top}{_tiles(found)}<div class="cards">{"".join(cards)}</div>'
    ended = found.reports[-1].ended_at
    return document(f"{head} · {where}", inner, f"{ended} · report schema {found.schema}")


def _verdict(state: str, head: str, where: str, lines: Sequence[str]) -> str:
    word, _, rest = head.partition(":")
    listed = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return (
        f'<section class="verdict {state}"><h1><b>{word}</b>{escape(":" + rest)}'
        f"</h1><p>{escape(where)}</p>{f'<ul>{listed}</ul>' if listed else ''}</section>"
    )


def _tiles(found: ReportSet[Any]) -> str:
    """Returns the medians of all valid rounds; those of a pair stand in its comparison."""
    runs = [figures_of(report) for report in found.valid]
    if found.order or not runs:
        return tiles_of([])
    tiles = []
    for name in shared_names(runs):
        kind, mid = kind_of(name), middle([run[name] for run in runs])
        remark = f"{kind.number(mid.lowest)} to {kind.number(mid.highest)}"
        tiles.append((name, kind.text(mid.median), remark))
    return tiles_of(tiles)


def _charts(found: ReportSet[Any]) -> list[str]:
    """Draws latencies and rate by round."""
    times = [line for name in TIMES for line in _lines(found, name)]
    rates = _lines(found, "rate")
    x_axis = _round_axis(len(found.reports))
    charts = []
    if values := [y for one in times for _, y in one.points]:
        y_axis = logarithmic_axis(min(values), max(values), _text_of("p50"))
        charts.append(card("latency by run", line_chart(times, x_axis, y_axis, "latency by run")))
    if values := [y for one in rates for _, y in one.points]:
        y_axis = linear_axis(max(values), _text_of("rate"))
        charts.append(card("rate by run", line_chart(rates, x_axis, y_axis, "rate by run")))
    return charts


def _lines(found: ReportSet[Any], name: str) -> list[Series]:
    sides = found.order or " " * len(found.reports)
    points: dict[str, list[tuple[float, float]]] = {}
    for number, (side, report) in enumerate(zip(sides, found.reports, strict=True), 1):
        value = figures_of(report).get(name)
        if value is not None:
            points.setdefault(f"{name} {side}".strip(), []).append((float(number), value))
    return [Series(side, line) for side, line in sorted(points.items())]


def _round_axis(count: int) -> Axis:
    step = -(-count // TICKS_MAX)
    ticks = [float(number) for number in range(1, count + 1, step)]
    return Axis(0.5, count + 0.5, ticks, lambda value: f"{value:g}")


def _text_of(name: str) -> Callable[[float], str]:
    unit = kind_of(name).unit
    return lambda value: f"{value:,g} {unit}" if unit.isalpha() else f"{value:,g}{unit}"


def _round(report: Report) -> str:
    load = report.load
    cards = [table_card(table) for table in report.tables()]
    cards += [table_card(latency_table(load)), table_card(outcome_table(load))] if load else []
    cards += rules_cards(report.rules)
    where = f"{report.target} · {report.way} · {report.ended_at}"
    lines = [*report.verdict.reasons, *report.notes]
    top = _verdict(report.verdict.state, headline(report), where, lines)
    return f'{top}<div class="cards">{"".join(cards)}</div>'
