"""The median of a figure over the rounds, with its interval and the spread of the rounds."""

from collections.abc import Sequence
from math import comb
from statistics import median
from typing import NamedTuple

from loadtest.limits import MEDIAN_CONFIDENCE


class Middle(NamedTuple):
    """Median, interval of the median, and range of the rounds relative to the median."""

    median: float
    lowest: float
    highest: float
    spread: float


def middle(values: Sequence[float]) -> Middle:
    """Returns the median and the interval between two of the values, by their ranks."""
    ordered, (rank, _) = sorted(values), rank_of(len(values))
    mid, width = median(ordered), ordered[-1] - ordered[0]
    return Middle(mid, ordered[rank - 1], ordered[-rank], width / abs(mid) if mid else 0.0)


def rank_of(count: int) -> tuple[int, float]:
    """Returns the rank from either end between which the true median lies, and the confidence.

    A value is below the true median with a probability of one half, whatever the distribution. The
    rank is the highest one with MEDIAN_CONFIDENCE; with few rounds it is 1, and the confidence is
    lower.
    """
    rank, below = 1, 0.5**count
    confidence = 1 - 2 * below
    while True:
        below += comb(count, rank) * 0.5**count
        if 1 - 2 * below < MEDIAN_CONFIDENCE:
            return rank, confidence
        rank, confidence = rank + 1, 1 - 2 * below


def interval_text(count: int) -> str:
    """Returns how the interval was computed, in words."""
    rank, confidence = rank_of(count)
    if count == 1:
        return "one round has no interval"
    ends = "the lowest to the highest round" if rank == 1 else (
        f"the round of rank {rank} from below to that of rank {rank} from above"
    )  # fmt: skip
    return f"interval: {ends}, which holds the true median with {confidence:.1%} confidence"
