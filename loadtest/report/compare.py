"""Holds two reports side by side: the ratio of each figure, and how much of it may be noise."""

import math
from dataclasses import dataclass

from loadtest.measure.histogram import Histogram
from loadtest.report.data import Load, histogram_of
from loadtest.report.table import Mark, Table

PERCENTS = (50.0, 90.0, 99.0, 99.9)
Z_95 = 1.96
SECONDS_NEEDED = 4


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of both runs; a ratio above 1 is worse."""

    name: str
    unit: str
    before: float
    after: float
    ratio: float
    noise: float

    @property
    def verdict(self) -> str:
        if abs(self.ratio - 1) <= self.noise:
            return "noise"
        return "worse" if self.ratio > 1 else "better"

    def is_regression(self, percent: float) -> bool:
        return self.verdict == "worse" and self.ratio > 1 + percent / 100


def comparison_table(figures: list[Figure], failing: list[Figure]) -> Table:
    rows = []
    for figure in figures:
        verdict = "REGRESSION" if figure in failing else figure.verdict
        row = (
            figure.name,
            f"{figure.before:,.3f} {figure.unit}",
            f"{figure.after:,.3f} {figure.unit}",
            f"{figure.ratio:.2f}",
            f"±{figure.noise:.2f}",
            verdict if figure.verdict == "noise" else Mark(verdict, figure.verdict == "better"),
        )
        rows.append(row)
    title = "a ratio above 1.00 is worse; within the noise it says nothing"
    columns = ("figure", "before", "after", "ratio", "noise", "verdict")
    return Table(title, columns, rows, words=(0, 5))


def compare(before: Load, after: Load) -> list[Figure]:
    """Latency percentiles of the whole and of each type, the rate, the target's CPU, failures."""
    figures = []
    for kind in (None, *before.mix):
        old, new = (histogram_of(load, "response", kind) for load in (before, after))
        if old.total and new.total:
            figures += [_latency(kind or "all", percent, old, new) for percent in PERCENTS]
    figures.append(_rate(before, after))
    figures += _cpu(before, after)
    return figures


def _latency(kind: str, percent: float, old: Histogram, new: Histogram) -> Figure:
    before_us, after_us = max(old.percentile(percent), 1), max(new.percentile(percent), 1)
    noise = math.hypot(_percentile_noise(old, percent), _percentile_noise(new, percent))
    name = f"response p{percent:g}, {kind}"
    return Figure(name, "ms", before_us / 1000, after_us / 1000, after_us / before_us, noise)


def _percentile_noise(histogram: Histogram, percent: float) -> float:
    """Half the width of the 95% interval of a percentile, by its order statistics.

    Answers of one moment share their luck, so a hundred of them count as one.
    """
    share = percent / 100
    independent = max(histogram.total / 100, 1.0)
    spread = 100 * Z_95 * math.sqrt(share * (1 - share) / independent)
    low, high = max(percent - spread, 0.0), min(percent + spread, 100.0)
    low_us, middle_us, high_us = histogram.percentiles((low, percent, high))
    return (high_us - low_us) / 2 / max(middle_us, 1)


def _rate(before: Load, after: Load) -> Figure:
    old, new = (load.rate.achieved for load in (before, after))
    noise = math.hypot(_rate_noise(before), _rate_noise(after))
    return Figure("rate", "/s", old, new, old / new if new else math.inf, noise)


def _rate_noise(load: Load) -> float:
    """How far the mean of the full seconds may be off, from how they differ."""
    answers = [second.answers for second in load.seconds[:-1]]
    if len(answers) < SECONDS_NEEDED:
        return 0.10
    mean = sum(answers) / len(answers)
    variance = sum((one - mean) ** 2 for one in answers) / (len(answers) - 1)
    return Z_95 * math.sqrt(variance / len(answers)) / mean if mean else 0.10


def _cpu(before: Load, after: Load) -> list[Figure]:
    costs = [_cpu_us_per_answer(load) for load in (before, after)]
    if not all(costs):
        return []
    noise = math.hypot(_rate_noise(before), _rate_noise(after), 0.02)
    return [Figure("target CPU per answer", "us", costs[0], costs[1], costs[1] / costs[0], noise)]


def _cpu_us_per_answer(load: Load) -> float:
    samples = load.target_usage.samples
    cores = [sum(part.cpu for part in sample.parts.values()) for sample in samples]
    rate = load.rate.achieved
    return sum(cores) / len(cores) / rate * 1e6 if cores and rate else 0.0
