"""Bars and ranges as SVG files for light and dark backgrounds, without scripts."""

import re
from collections.abc import Sequence
from html import escape, unescape
from typing import NamedTuple

from loadtest.report.svg import Axis, linear_axis, logarithmic_axis

WIDTH, LABELS, RIGHT = 900, 244, 88
TOP, ROW, BAR, AXIS = 74, 30, 16, 34
STYLE = """
svg { --card:#ffffff; --edge:#e3e6eb; --ink:#16191f; --soft:#5c6470; --line:#e8ebf0;
  --service:#2563c9; --ceiling:#9aa3b0; --other:#d9620f; --a:#8a3fc0; --b:#2563c9; --c:#0f8a76; }
@media (prefers-color-scheme: dark) {
  svg { --card:#14171c; --edge:#2c313a; --ink:#eceef2; --soft:#9aa3b0; --line:#262b33;
    --service:#6ea3ff; --ceiling:#6b7482; --other:#ff9a52;
    --a:#c18bf0; --b:#6ea3ff; --c:#3fc7ae; } }
text { font:13px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
  fill:var(--ink); font-variant-numeric:tabular-nums; }
.title { font-size:17px; font-weight:650; } .soft { fill:var(--soft); font-size:12px; }
.card { fill:var(--card); stroke:var(--edge); } .grid { stroke:var(--line); }
.whisker { stroke:var(--ink); stroke-width:1.3; opacity:.75; }
.service { fill:var(--service); } .ceiling { fill:var(--ceiling); } .other { fill:var(--other); }
.a { fill:var(--a); } .b { fill:var(--b); } .c { fill:var(--c); }
line.service { stroke:var(--service); } line.ceiling { stroke:var(--ceiling); }
line.other { stroke:var(--other); } .range { stroke-width:3; stroke-linecap:round; opacity:.45; }
"""


class Row(NamedTuple):
    """One contender: values with their style class, stacked as a bar or each at its place."""

    label: str
    values: Sequence[tuple[str, float]]
    # From the lowest to the highest round.
    whisker: tuple[float, float] | None = None


def bars(title: str, hint: str, rows: Sequence[Row]) -> str:
    """Draws each row as a bar of its values, with their sum."""
    sums = [sum(value for _, value in row.values) for row in rows]
    highest = max([*sums, *(row.whisker[1] for row in rows if row.whisker)], default=0.0)
    axis = linear_axis(highest, _count)
    drawn = []
    for number, row in enumerate(rows):
        y = TOP + number * ROW
        at = 0.0
        for style, value in row.values:
            left, right = _x(axis, at), _x(axis, at + value)
            drawn.append(
                f'<rect class="{style}" x="{left:.1f}" y="{y + (ROW - BAR) / 2:g}" '
                f'width="{max(right - left, 0.5):.1f}" height="{BAR}"/>'
            )
            at += value
        if row.whisker:
            low, high = (_x(axis, value) for value in row.whisker)
            drawn.append(_line("whisker", low, y + ROW / 2, high, y + ROW / 2))
            at = max(at, row.whisker[1])
        drawn.append(_text(_x(axis, at) + 8, y + ROW / 2 + 4, _count(sums[number])))
    return _picture(title, hint, rows, axis, drawn)


def ranges(title: str, hint: str, rows: Sequence[Row]) -> str:
    """Draws each row, times in ms, as dots on a line from its first value to its last."""
    values_ms = [value for row in rows for _, value in row.values]
    lowest_ms, highest_ms = min(values_ms, default=1.0), max(values_ms, default=1.0)
    axis = logarithmic_axis(lowest_ms, highest_ms, lambda value: f"{value:g} ms")
    drawn = []
    for number, row in enumerate(rows):
        y = TOP + number * ROW + ROW / 2
        places = [_x(axis, value) for _, value in row.values]
        style = row.values[0][0]
        drawn.append(_line(f"range {style}", places[0], y, places[-1], y))
        drawn += [
            f'<circle class="{style}" cx="{x:.1f}" cy="{y:g}" r="{radius:g}"/>'
            for x, radius in zip(places, (6, 5, 4, 3), strict=False)
        ]
        (_, first_ms), (_, second_ms), *_ = row.values
        drawn.append(_text(places[-1] + 10, y + 4, f"{first_ms:.2f} / {second_ms:.2f}"))
    return _picture(title, hint, rows, axis, drawn)


def legend(names: Sequence[tuple[str, str]]) -> str:
    """Returns the names in their colours, for a hint."""
    return "   ".join(f'<tspan class="{style}">■</tspan> {escape(name)}' for style, name in names)


def title_of(svg: str) -> str:
    """Returns the title of a picture of this module."""
    found = re.search('aria-label="([^"]*)"', svg)
    return unescape(found[1]) if found else ""


def _picture(title: str, hint: str, rows: Sequence[Row], axis: Axis, drawn: Sequence[str]) -> str:
    if not rows:
        return ""
    bottom = TOP + len(rows) * ROW
    height = bottom + AXIS
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img" aria-label="{escape(title)}">',
        f"<style>{STYLE}</style>",
        f'<rect class="card" x=".5" y=".5" width="{WIDTH - 1}" height="{height - 1}" rx="12"/>',
        f'<text class="title" x="24" y="34">{escape(title)}</text>',
        f'<text class="soft" x="24" y="56" xml:space="preserve">{hint}</text>',
    ]
    for tick in axis.ticks:
        x = _x(axis, tick)
        parts.append(_line("grid", x, TOP, x, bottom))
        parts.append(
            f'<text class="soft" x="{x:.1f}" y="{bottom + 20}" text-anchor="middle">'
            f"{escape(axis.text(tick))}</text>"
        )
    for number, row in enumerate(rows):
        y = TOP + number * ROW + ROW / 2 + 4
        parts.append(
            f'<text x="{LABELS - 12}" y="{y:g}" text-anchor="end">{escape(row.label)}</text>'
        )
    return "\n".join([*parts, *drawn, "</svg>", ""])


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _x(axis: Axis, value: float) -> float:
    return LABELS + axis.share(value) * (WIDTH - LABELS - RIGHT)


def _line(style: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{style}" x1="{x1:.1f}" y1="{y1:g}" x2="{x2:.1f}" y2="{y2:g}"/>'


def _text(x: float, y: float, text: str) -> str:
    return f'<text x="{x:.1f}" y="{y:g}">{escape(text)}</text>'
