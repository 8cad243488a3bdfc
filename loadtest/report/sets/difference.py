"""Compares the rounds of two targets, figure by figure: better, worse or cannot tell.

The logarithms of the figures are compared, so that a difference is a ratio, and Student's
distribution gives the interval of the ratio. An exact test by ranks would need more rounds than
anybody runs. The more figures are compared, the wider each interval: all hold together with 95%.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median, variance
from typing import Any, NamedTuple

from loadtest.limits import (
    FALSE_ALARMS_MAX,
    PROCESSES_DIFFER,
    ROUNDS_COMPARED_MIN,
    RUNS_DIFFER,
)
from loadtest.report.compare import CANNOT_TELL
from loadtest.report.noise import memory
from loadtest.report.sets.data import ReportSet
from loadtest.report.sets.figures import Figures, figures_of, kind_of, shared_names
from loadtest.report.sets.student import steps_for

SMALLEST = 0.001  # stands for 0, which has no logarithm: a tenth of a cent, or 1 us


class Range(NamedTuple):
    lowest: float
    highest: float


class Round(NamedTuple):
    """Figures of the four runs of a round, and the target of the first and the last of them."""

    outer: str
    runs: Sequence[Figures]


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure of two targets: medians, and the ratio of the means; above 1 is worse.

    `interval` is None with too few rounds. `itself` is the range of the ratios of one run of a
    target to its next, None with a single run.
    """

    name: str
    before: float
    after: float
    ratio: float
    interval: Range | None
    itself: Range | None

    @property
    def verdict(self) -> str:
        if self.interval is None or self.interval.lowest <= 1 <= self.interval.highest:
            return CANNOT_TELL
        return "worse" if self.ratio > 1 else "better"

    def is_regression(self, percent: float) -> bool:
        return self.verdict == "worse" and self.ratio > 1 + percent / 100


def compare_pair(pair: ReportSet[Any]) -> list[Difference]:
    """Compares two interleaved targets, without the rounds that have an invalid run."""
    return compare_rounds(
        [
            Round(turns.outer, [figures_of(report) for report in turns.reports])
            for turns in pair.rounds()
            if turns.is_valid
        ]
    )


def compare_rounds(rounds: Sequence[Round]) -> list[Difference]:
    names = shared_names([run for one in rounds for run in one.runs])
    return [_of_rounds(name, rounds, _confidence(names)) for name in names]


def _of_rounds(name: str, rounds: Sequence[Round], confidence: float) -> Difference:
    sides: dict[str, list[float]] = {"A": [], "B": []}
    apart: list[float] = []
    alone: list[float] = []
    itself: list[float] = []
    for outer, runs in rounds:
        inner = "B" if outer == "A" else "A"
        for side, run in zip((outer, inner, inner, outer), runs, strict=True):
            sides[side].append(run[name])
        first, second, third, last = (_badness(name, run[name]) for run in runs)
        sign = 1 if outer == "A" else -1
        apart.append(sign * (second + third - first - last) / 2)
        # Each target against itself. Of equal targets, both have the same variance, also under a
        # drift of the machine that is random.
        alone.append((last - first + second - third) / 2)
        itself += [last - first, third - second]
    mean, interval = fmean(apart), None
    if len(rounds) >= ROUNDS_COMPARED_MIN:
        error = math.sqrt((variance(apart) + variance(alone)) / 2 / len(rounds))
        sampled = steps_for(confidence, 2 * (len(rounds) - 1)) * error
        interval = _interval(name, mean, sampled, PROCESSES_DIFFER)
    return _difference(name, (sides["A"], sides["B"]), mean, interval, itself)


def compare_sets(before: Sequence[Figures], after: Sequence[Figures]) -> list[Difference]:
    """Compares rounds of two targets that ran at different times."""
    names = shared_names([*before, *after]) if before and after else []
    return [
        _of_sets(
            name, [[run[name] for run in side] for side in (before, after)], _confidence(names)
        )
        for name in names
    ]


def _of_sets(name: str, sides: Sequence[Sequence[float]], confidence: float) -> Difference:
    logs = [[_badness(name, value) for value in side] for side in sides]
    mean, interval = fmean(logs[1]) - fmean(logs[0]), None
    if min(map(len, logs)) >= ROUNDS_COMPARED_MIN:
        error, freedom = _welch(logs)
        interval = _interval(name, mean, steps_for(confidence, freedom) * error, RUNS_DIFFER)
    itself = [late - early for side in logs for early, late in pairwise(side)]
    return _difference(name, (sides[0], sides[1]), mean, interval, itself)


def _welch(sides: Sequence[Sequence[float]]) -> tuple[float, int]:
    """Returns the standard error of the difference of two means, and its degrees of freedom."""
    parts = [variance(side) * _memory(side) / len(side) for side in sides]
    squares = sum(part**2 / (len(side) - 1) for part, side in zip(parts, sides, strict=True))
    # Rounded down, which is on the safe side.
    return math.sqrt(sum(parts)), max(int(sum(parts) ** 2 / squares), 1) if squares else 1


def _memory(side: Sequence[float]) -> float:
    """Returns the factor by which neighbouring rounds that are alike widen the variance."""
    middle = fmean(side)
    return memory([one - middle for one in side])


def _interval(name: str, mean: float, sampled: float, unsampled: float) -> Range:
    """Returns the interval of a ratio; `unsampled` is noise that these rounds cannot show."""
    noise = sampled if kind_of(name).is_exact else math.hypot(sampled, unsampled)
    return Range(math.exp(mean - noise), math.exp(mean + noise))


def _difference(
    name: str, sides: tuple[Sequence[float], Sequence[float]], mean: float,
    interval: Range | None, itself: Sequence[float],
) -> Difference:  # fmt: skip
    own = Range(math.exp(min(itself)), math.exp(max(itself))) if itself else None
    before, after = map(median, sides)
    return Difference(name, before, after, math.exp(mean), interval, own)


def _badness(name: str, value: float) -> float:
    """Returns the logarithm of a figure, turned so that more is worse."""
    logarithm = math.log(max(value, SMALLEST))
    return -logarithm if kind_of(name).more_is_better else logarithm


def _confidence(names: Sequence[str]) -> float:
    return 1 - FALSE_ALARMS_MAX / max(len(names), 1)
