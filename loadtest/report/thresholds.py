"""Thresholds a user sets on a run, such as `p99<5` in milliseconds."""

from collections.abc import Callable
from dataclasses import dataclass

from loadtest.measure.histogram import FIGURES as LATENCIES
from loadtest.measure.recorder import Times
from loadtest.report.data import Load

FIGURES = (*LATENCIES, "rate", "failures")


@dataclass(frozen=True, slots=True)
class Threshold:
    """A figure of all requests or of one type, the side of the bound it must stay on, the bound."""

    figure: str
    below: bool
    bound: float
    kind: str | None = None

    def __str__(self) -> str:
        whose = f"{self.kind}." if self.kind is not None else ""
        return f"{whose}{self.figure} {'<' if self.below else '>'} {self.bound:g}"


def broken_thresholds(load: Load, thresholds: list[Threshold]) -> list[str]:
    broken = []
    for threshold in thresholds:
        value = _value(load, threshold)
        if value is None:
            broken.append(f"threshold {threshold} does not hold: there is no answer")
        elif not _holds(value, threshold):
            broken.append(f"threshold {threshold} does not hold: it is {value:g}")
    return broken


def _value(load: Load, threshold: Threshold) -> float | None:
    """Returns the figure, or None for a time without an answer."""
    kind = threshold.kind
    if threshold.figure == "rate":
        if kind is None:
            return load.rate.achieved
        done = _count(load, lambda times: times.kind == kind)
        return load.rate.achieved * done / load.totals.done if load.totals.done else 0.0
    if threshold.figure == "failures":
        return _count(load, lambda times: kind in {None, times.kind} and not times.fine)
    answered = load.answered("response", kind)
    return answered.figures_us()[threshold.figure] / 1000 if answered.total else None


def _count(load: Load, wanted: Callable[[Times], bool]) -> int:
    return sum(times.count for times in load.times if wanted(times))


def _holds(value: float, threshold: Threshold) -> bool:
    return value < threshold.bound if threshold.below else value > threshold.bound
