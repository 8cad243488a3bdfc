"""Thresholds a user sets on a run, such as `p99<5` in milliseconds."""

import re
from dataclasses import dataclass

from loadtest.measure.histogram import FIGURES as LATENCIES
from loadtest.report.data import Load

_SHAPE = re.compile(r"(?P<figure>[a-z0-9.]+)\s*(?P<sign>[<>])\s*(?P<bound>\d+(?:\.\d+)?)")
FIGURES = (*LATENCIES, "rate", "failures")


@dataclass(frozen=True, slots=True)
class Threshold:
    """A figure, which side of the bound it must stay on, and the bound."""

    figure: str
    below: bool
    bound: float

    def __str__(self) -> str:
        return f"{self.figure} {'<' if self.below else '>'} {self.bound:g}"


def read_threshold(text: str) -> Threshold:
    """Parses `p99<5` (ms, response time), `max<100`, `rate>300` (per second), `failures<1`."""
    shape = _SHAPE.fullmatch(text.strip())
    if shape is None or shape["figure"] not in FIGURES:
        raise ValueError(f"{text!r} is not like p99<5, with one of {', '.join(FIGURES)}")
    return Threshold(shape["figure"], shape["sign"] == "<", float(shape["bound"]))


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
