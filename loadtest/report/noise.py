"""Estimates the noise in a run's figures from the differences between its seconds.

Answers of one moment are correlated, and so are neighbouring seconds. The variance between seconds
shows how much. A run has one degree of freedom fewer than full seconds.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import NormalDist, mean, variance

from loadtest.limits import ANSWERS_BEYOND_MIN, LUCK_SHARED_MAX, RUNS_DIFFER, SECONDS_COMPARED_MIN
from loadtest.measure.histogram import Histogram
from loadtest.report.data import PERCENTS, Load

Limits = tuple[float, float]


def student(share: float, freedom: int) -> float:
    """Returns a quantile of Student's distribution, by Hill's series: within 1% from 5 degrees."""
    z = NormalDist().inv_cdf(share)
    once = (z**3 + z) / 4
    twice = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    thrice = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + once / freedom + twice / freedom**2 + thrice / freedom**3


def freedom_of(load: Load) -> int:
    """Returns the degrees of freedom; the last second is incomplete and does not count."""
    return len(load.seconds) - 2


def is_long_enough(load: Load) -> bool:
    return freedom_of(load) + 1 >= SECONDS_COMPARED_MIN and all(
        len(second.slower) == len(PERCENTS) for second in load.seconds
    )


def percentile_limits(load: Load, times: Histogram, percent: float, steps: float) -> Limits | None:
    """Returns the limits of a percentile, `steps` standard errors on each side; None for too few
    answers."""
    share, whole = percent / 100, sum(second.answers for second in load.seconds)
    if not whole or not times.total:
        return None
    luck = 1 + (_luck_shared(load, PERCENTS.index(percent)) - 1) * times.total / whole
    error = math.sqrt(share * (1 - share) * luck / times.total)
    spread = steps * error
    if (1 - share - spread) * times.total < ANSWERS_BEYOND_MIN:
        return None
    low_us, high_us = times.percentiles((100 * max(share - spread, 0), 100 * (share + spread)))
    return max(low_us, 1), max(high_us, 1)


def _luck_shared(load: Load, place: int) -> float:
    """Returns how many answers count as one, from the variance of slow ones between seconds."""
    seconds = load.seconds
    answers = [second.answers for second in seconds]
    slower = [second.slower[place] for second in seconds]
    share = sum(slower) / sum(answers)
    off = [one - share * all_ for one, all_ in zip(slower, answers, strict=True)]
    spread = len(off) * variance(off) * memory(off)
    expected = share * (1 - share) * sum(answers)
    return min(max(spread / expected, 1.0), LUCK_SHARED_MAX) if expected else 1.0


def mean_error(values: Sequence[float]) -> float:
    """Returns the standard error of the mean of values per second, as a share of the mean."""
    middle = mean(values)
    alike = memory([one - middle for one in values])
    return math.sqrt(variance(values) * alike / len(values)) / abs(middle)


def memory(off: Sequence[float]) -> float:
    """Returns the factor by which correlated seconds raise the variance of the mean."""
    squares = sum(one * one for one in off)
    if not squares:
        return 1.0
    alike = sum(one * other for one, other in pairwise(off)) / squares
    # From few seconds, the estimate is too low by about one part in their number.
    alike = min(max(alike + 1 / len(off), 0.0), 0.6)
    return (1 + alike) / (1 - alike)


def together(*errors: float) -> float:
    """Returns the sum of independent errors and of the noise between any two runs."""
    return math.hypot(*errors, RUNS_DIFFER)
