"""The charts of a report."""

from collections.abc import Callable

from loadtest.measure.histogram import Histogram
from loadtest.measure.target.usage import Used
from loadtest.report.data import Load, Second
from loadtest.report.svg import Axis, Series, line_chart, linear_axis, logarithmic_axis
from loadtest.wire.request import CHECK

TAILS = (0.0, 50.0, 75.0, 90.0, 95.0, 98.0, 99.0, 99.5, 99.9, 99.95, 99.99)
TAIL_TICKS = (1.0, 10.0, 100.0, 1000.0, 10_000.0)
PARTS_SHOWN = 6


def percentile_chart(load: Load) -> str:
    """Draws latency by percentile, on a logarithmic axis with equal steps for each nine."""
    series = [
        Series("response time", _tail(load.answered("response"))),
        Series("service time", _tail(load.answered("service"))),
    ]
    for kind, count in load.mix.items():
        if count and kind != CHECK.name:
            series.append(Series(kind, _tail(load.answered("response", kind))))
    values = [y for one in series for _, y in one.points]
    x_axis = Axis(
        TAIL_TICKS[0], TAIL_TICKS[-1], list(TAIL_TICKS), _percentile_text, logarithmic=True
    )
    y_axis = logarithmic_axis(min(values), max(values), _ms)
    return line_chart(series, x_axis, y_axis, "latency percentiles")


def _tail(histogram: Histogram) -> list[tuple[float, float]]:
    values = histogram.percentiles(TAILS)
    return [
        (100 / (100 - percent), max(us / 1000, 0.001))
        for percent, us in zip(TAILS, values, strict=True)
    ]


def _percentile_text(rarity: float) -> str:
    return f"{100 - 100 / rarity:.4g}%" if rarity > 1 else "0%"


def latency_chart(load: Load) -> str:
    seconds = [second for second in load.seconds if second.answers]
    figures: dict[str, Callable[[Second], int]] = {
        "p50": lambda second: second.p50_us,
        "p99": lambda second: second.p99_us,
        "max": lambda second: second.max_us,
    }
    series = [
        Series(name, [(second.second, max(us(second) / 1000, 0.001)) for second in seconds])
        for name, us in figures.items()
    ]
    values = [y for one in series for _, y in one.points]
    y_axis = logarithmic_axis(min(values), max(values), _ms)
    return line_chart(series, _time_axis(load), y_axis, "latency over time")


def rate_chart(load: Load) -> str:
    """Draws answers per second, without the last second, which may be incomplete."""
    seconds = load.seconds[:-1] or load.seconds
    series = [
        Series("answers/s", [(second.second, second.answers) for second in seconds]),
        Series("failures/s", [(second.second, second.failures) for second in seconds]),
    ]
    y_axis = linear_axis(max(y for one in series for _, y in one.points) or 1.0, _count)
    return line_chart(series, _time_axis(load), y_axis, "rate over time")


def usage_chart(load: Load, title: str, figure: Callable[[Used], float]) -> str:
    """Draws one figure of the target's parts over the time of the run."""
    samples = load.target_usage.samples
    points: dict[str, list[tuple[float, float]]] = {}
    for sample in samples:
        for name, used in sample.parts.items():
            points.setdefault(name, []).append((sample.second, figure(used)))
    series = [Series(name, of_part) for name, of_part in points.items()]
    if len(series) > PARTS_SHOWN:
        series = sorted(series, key=lambda one: -max(y for _, y in one.points))[:PARTS_SHOWN]
    y_axis = linear_axis(max(y for one in series for _, y in one.points) or 1.0, _plain)
    return line_chart(series, _time_axis(load), y_axis, title)


def _time_axis(load: Load) -> Axis:
    moments = [second.second for second in load.seconds]
    last = max(1, *moments, *(sample.second for sample in load.target_usage.samples[-1:]))
    ticks = [tick for tick in linear_axis(last, _seconds).ticks if tick <= last]
    return Axis(0.0, last, ticks, _seconds)


def _seconds(value: float) -> str:
    return f"{value:g} s"


def _ms(value: float) -> str:
    return f"{value:.4g} ms" if value < 1000 else f"{value / 1000:.4g} s"


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _plain(value: float) -> str:
    return f"{value:,.3g}" if value < 1000 else f"{value:,.0f}"
