"""Line charts as inline SVG: coloured by the page's style sheet, readable without any script."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 620, 250
# The margins have room for the larger letters of a phone.
LEFT, RIGHT, TOP, BOTTOM = 92, 36, 16, 38
HOVER_COLUMNS_MAX = 400

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Series:
    """One line; its place among the others decides its colour."""

    name: str
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis: its range, its grid lines, and the text of a value."""

    low: float
    high: float
    ticks: list[float]
    text: Callable[[float], str]
    logarithmic: bool = False

    def share(self, value: float) -> float:
        if self.logarithmic:
            span = math.log(self.high / self.low)
            return math.log(max(value, self.low) / self.low) / span
        return (value - self.low) / (self.high - self.low)


def linear_axis(highest: float, text: Callable[[float], str]) -> Axis:
    """Returns an axis from zero to a round number, in four to six steps."""
    step = 10 ** math.floor(math.log10(highest / 4)) if highest > 0 else 1.0
    step = next(step * factor for factor in (1, 2, 2.5, 5, 10) if step * factor * 5 >= highest)
    count = max(1, math.ceil(highest / step))
    return Axis(0.0, step * count, [step * n for n in range(count + 1)], text)


def logarithmic_axis(lowest: float, highest: float, text: Callable[[float], str]) -> Axis:
    """Returns an axis of whole powers of ten around the values."""
    low = math.floor(math.log10(max(lowest, 1e-3)))
    high = max(low + 1, math.ceil(math.log10(max(highest, 1e-3))))
    ticks = [10.0**n for n in range(low, high + 1)]
    return Axis(10.0**low, 10.0**high, ticks, text, logarithmic=True)


def line_chart(series: Sequence[Series], x_axis: Axis, y_axis: Axis, label: str) -> str:
    """Returns one chart with a legend above it."""
    lines = [_line(number, one, x_axis, y_axis) for number, one in enumerate(series)]
    return (
        f'<div class="legend">{_legend(series)}</div>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label)}">'
        f"{_grid(x_axis, y_axis)}{''.join(lines)}{_hover(series, x_axis, y_axis)}</svg>"
    )


def _x(axis: Axis, value: float) -> float:
    return LEFT + axis.share(value) * (WIDTH - LEFT - RIGHT)


def _y(axis: Axis, value: float) -> float:
    return HEIGHT - BOTTOM - axis.share(value) * (HEIGHT - TOP - BOTTOM)


def _legend(series: Sequence[Series]) -> str:
    return "".join(
        f'<span><i class="swatch s{number}"></i>{escape(one.name)}</span>'
        for number, one in enumerate(series)
    )


def _grid(x_axis: Axis, y_axis: Axis) -> str:
    parts = []
    left, right = LEFT, WIDTH - RIGHT
    for tick in y_axis.ticks:
        y, text = _y(y_axis, tick), escape(y_axis.text(tick))
        parts.append(f'<line class="grid" x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{left - 8}" y="{y:.1f}" dy=".35em" text-anchor="end">{text}</text>')
    for tick in x_axis.ticks:
        x, y, text = _x(x_axis, tick), HEIGHT - BOTTOM + 22, escape(x_axis.text(tick))
        parts.append(f'<text x="{x:.1f}" y="{y}" text-anchor="middle">{text}</text>')
    return "".join(parts)


def _line(number: int, series: Series, x_axis: Axis, y_axis: Axis) -> str:
    points = [f"{_x(x_axis, x):.1f},{_y(y_axis, y):.1f}" for x, y in series.points]
    if len(points) == 1:
        x, y = points[0].split(",")
        return f'<circle class="line s{number}" cx="{x}" cy="{y}" r="3"/>'
    return f'<polyline class="line s{number}" points="{" ".join(points)}"/>'


def _hover(series: Sequence[Series], x_axis: Axis, y_axis: Axis) -> str:
    """Returns invisible columns, whose titles the browser shows under the pointer."""
    by_x: dict[float, list[str]] = {}
    for one in series:
        for x, y in one.points:
            by_x.setdefault(x, []).append(f"{one.name}: {y_axis.text(y)}")
    places = sorted(by_x)[:: max(1, len(by_x) // HOVER_COLUMNS_MAX)]
    width = (WIDTH - LEFT - RIGHT) / max(1, len(places))
    return "".join(
        f'<g class="hover"><rect x="{_x(x_axis, x) - width / 2:.1f}" y="{TOP}" '
        f'width="{width:.1f}" height="{HEIGHT - TOP - BOTTOM}"/>'
        f"<title>{escape(x_axis.text(x))}\n{escape(chr(10).join(by_x[x]))}</title></g>"
        for x in places
    )
