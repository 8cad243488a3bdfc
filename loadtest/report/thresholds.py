"""Thresholds a user sets on a run, such as `p99<5` in milliseconds."""

from dataclasses import dataclass

from loadtest.measure.histogram import FIGURES as LATENCIES
from loadtest.report.data import Load

FIGURES = (*LATENCIES, "rate", "failures")


@dataclass(frozen=True, slots=True)
class Threshold:
    """A figure, which side of the bound it must stay on, and the bound."""

    figure: str
    below: bool
    bound: float

    def __str__(self) -> str:
        return f"{self.figure} {'<' if self.below else '>'} {self.bound:g}"


def broken_thresholds(load: Load, thresholds: list[Threshold]) -> list[str]:
    figures_us = load.answered("response").figures_us()
    values = {name: us / 1000 for name, us in figures_us.items()}
    values["rate"] = load.rate.achieved
    values["failures"] = load.totals.failures
    return [
        f"threshold {threshold} does not hold: it is {values[threshold.figure]:g}"
        for threshold in thresholds
        if not _holds(values[threshold.figure], threshold)
    ]


def _holds(value: float, threshold: Threshold) -> bool:
    return value < threshold.bound if threshold.below else value > threshold.bound
