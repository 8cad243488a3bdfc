"""Mergeable latency histograms in microseconds, exact below 2,048 us."""

import math
from collections.abc import Iterable
from typing import Any

import msgspec

EXACT_BELOW_US = 2_048
SIGNIFICANT_BITS = 11
PERCENTILES = (50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 99.99)
FIGURES = ("min", *(f"p{percent:g}" for percent in PERCENTILES), "max", "mean", "stdev")


def bucket_us(value_us: int) -> int:
    """Returns the value kept for a latency: exact if short, else rounded to 11 bits (0.05%)."""
    if value_us < EXACT_BELOW_US:
        return max(value_us, 0)
    shift = value_us.bit_length() - SIGNIFICANT_BITS
    return (value_us + (1 << shift >> 1)) >> shift << shift


class Histogram:
    """Counts by kept value; merging two histograms loses nothing."""

    __slots__ = ("counts",)

    def __init__(self, counts: dict[int, int] | None = None) -> None:
        self.counts: dict[int, int] = {} if counts is None else counts

    def add(self, value_us: int) -> None:
        kept_us = bucket_us(value_us)
        self.counts[kept_us] = self.counts.get(kept_us, 0) + 1

    def merge(self, other: "Histogram") -> None:
        counts = self.counts
        for kept_us, count in other.counts.items():
            counts[kept_us] = counts.get(kept_us, 0) + count

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def min_us(self) -> int:
        return min(self.counts, default=0)

    @property
    def max_us(self) -> int:
        return max(self.counts, default=0)

    @property
    def mean_us(self) -> float:
        total = self.total
        return sum(us * count for us, count in self.counts.items()) / total if total else 0.0

    @property
    def stdev_us(self) -> float:
        """The standard deviation of all samples, which are the whole load and not drawn from it."""
        total, mean_us = self.total, self.mean_us
        squares = sum((us - mean_us) ** 2 * count for us, count in self.counts.items())
        return math.sqrt(squares / total) if total else 0.0

    def percentile(self, percent: float) -> int:
        """Returns the smallest value that at least this share of the samples does not exceed."""
        return self.percentiles([percent])[0]

    def percentiles(self, percents: Iterable[float] = PERCENTILES) -> list[int]:
        """Returns several percentiles, which must be in ascending order, in one pass."""
        total = self.total
        walk = iter(sorted(self.counts.items()))
        found: list[int] = []
        seen, value_us = 0, 0
        for percent in percents:
            needed = -(-total * round(percent * 1_000_000) // 100_000_000)
            while seen < max(needed, 1):
                step = next(walk, None)
                if step is None:
                    break
                value_us = step[0]
                seen += step[1]
            found.append(value_us)
        return found

    def figures_us(self) -> dict[str, int]:
        """Returns minimum, percentiles, maximum, mean and standard deviation by name."""
        mean_us, stdev_us = round(self.mean_us), round(self.stdev_us)
        values_us = (self.min_us, *self.percentiles(), self.max_us, mean_us, stdev_us)
        return dict(zip(FIGURES, values_us, strict=True))

    def count_at_least(self, value_us: int) -> int:
        return sum(count for us, count in self.counts.items() if us >= value_us)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Histogram) and self.counts == other.counts

    __hash__ = None  # type: ignore[assignment]


def encode(value: object) -> bytes:
    """Returns a value as JSON; a histogram is a list of pairs, microseconds and samples."""
    return msgspec.json.encode(value, enc_hook=_pairs_of)


def decode(data: bytes, type_: Any) -> Any:
    return msgspec.json.decode(data, type=type_, dec_hook=_from_pairs)


def _pairs_of(value: object) -> list[tuple[int, int]]:
    if isinstance(value, Histogram):
        return sorted(value.counts.items())
    raise NotImplementedError(type(value))


def _from_pairs(_type: type, pairs: Any) -> Histogram:
    return Histogram(dict(msgspec.convert(pairs, list[tuple[int, int]])))
