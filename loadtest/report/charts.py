"""The charts of a report."""

from typing import Any

from loadtest.measure.histogram import Histogram
from loadtest.report.data import Report, histogram_of
from loadtest.report.svg import Axis, Series, line_chart, linear_axis, logarithmic_axis

TAILS = (0.0, 50.0, 75.0, 90.0, 95.0, 98.0, 99.0, 99.5, 99.9, 99.95, 99.99)
TAIL_TICKS = (1.0, 10.0, 100.0, 1000.0, 10_000.0)
MEGABYTE = 1_000_000
PARTS_SHOWN = 6


def percentile_chart(report: Report) -> str:
    """Latency by percentile; the rarer, the further right, in equal steps for each nine."""
    series = []
    for name in ("response", "service"):
        histogram = histogram_of(report, name)
        series.append(Series(f"{name} time", _tail(histogram)))
    for kind, count in report["mix"].items():
        if count and kind != "checks":
            series.append(Series(kind, _tail(histogram_of(report, "response", kind))))
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


def latency_chart(report: Report) -> str:
    names = (("p50_us", "p50"), ("p99_us", "p99"), ("max_us", "max"))
    seconds = [second for second in report["seconds"] if second["answers"]]
    series = [
        Series(name, [(second["second"], max(second[key] / 1000, 0.001)) for second in seconds])
        for key, name in names
    ]
    values = [y for one in series for _, y in one.points]
    y_axis = logarithmic_axis(min(values), max(values), _ms)
    return line_chart(series, _time_axis(report), y_axis, "latency over time")


def rate_chart(report: Report) -> str:
    """Answers a second; a last second that was not driven to its end is left out."""
    seconds = report["seconds"][:-1] or report["seconds"]
    series = [
        Series("answers/s", [(second["second"], second["answers"]) for second in seconds]),
        Series("failures/s", [(second["second"], second["failures"]) for second in seconds]),
    ]
    y_axis = linear_axis(max(y for one in series for _, y in one.points) or 1.0, _count)
    return line_chart(series, _time_axis(report), y_axis, "rate over time")


def usage_chart(report: Report, figure: str) -> str:
    """CPU in cores or memory in MB of every part of the target, on the time axis of the run."""
    scale = MEGABYTE if figure == "memory_bytes" else 1
    samples = report["target_usage"]["samples"]
    parts = dict.fromkeys(name for sample in samples for name in sample["parts"])
    series = [Series(part, _usage_points(samples, part, figure, scale)) for part in parts]
    if len(series) > PARTS_SHOWN:
        series = sorted(series, key=lambda one: -max(y for _, y in one.points))[:PARTS_SHOWN]
    y_axis = linear_axis(max(y for one in series for _, y in one.points) or 1.0, _plain)
    return line_chart(series, _time_axis(report), y_axis, figure)


def _usage_points(
    samples: list[dict[str, Any]], part: str, figure: str, scale: int
) -> list[tuple[float, float]]:
    return [
        (sample["second"], sample["parts"][part][figure] / scale)
        for sample in samples
        if part in sample["parts"]
    ]


def _time_axis(report: Report) -> Axis:
    last = max((second["second"] for second in report["seconds"]), default=1)
    samples = report["target_usage"]["samples"]
    last = max(last, samples[-1]["second"] if samples else 1, 1)
    ticks = [tick for tick in linear_axis(last, _seconds).ticks if tick <= last]
    return Axis(0.0, last, ticks, _seconds)


def _seconds(value: float) -> str:
    return f"{value:g} s"


def _ms(value: float) -> str:
    return f"{value:.4g} ms"


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _plain(value: float) -> str:
    return f"{value:,.3g}" if value < 1000 else f"{value:,.0f}"
