"""Schedules: the times at which requests are due, in seconds from the start."""

import heapq
import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import count, islice, takewhile
from random import Random
from typing import NamedTuple

from loadtest.wire.request import Kind


class Stage(NamedTuple):
    """A part of a load: its duration, and the rate that is reached at its end."""

    duration_s: float
    rate: float


def even(rate: float) -> Iterator[float]:
    """Yields a time every 1/rate seconds, from 0 on, without end."""
    for index in count():
        yield index / rate


def poisson(rate: float, random: Random) -> Iterator[float]:
    """Yields independent arrivals: exponential gaps with the mean 1/rate, without end."""
    due_s = 0.0
    while True:
        due_s += random.expovariate(rate)
        yield due_s


def ramp_size(from_rate: float, to_rate: float, duration_s: float) -> int:
    """Returns the number of requests in a linear ramp: the area under its line."""
    return round(duration_s * (from_rate + (to_rate - from_rate) / 2))


def ramp_time(index: float, from_rate: float, to_rate: float, duration_s: float) -> float:
    """Returns the time at which the area under the ramp is index: a t^2 + b t = index."""
    square = (to_rate - from_rate) / (2 * duration_s)
    if square == 0:
        return index / from_rate
    root = math.sqrt(max(0.0, from_rate * from_rate + 4 * square * index))
    return 2 * index / (from_rate + root) if index else 0.0


def ramp(from_rate: float, to_rate: float, duration_s: float) -> Iterator[float]:
    """Yields the times of a rate that grows or falls linearly over the duration."""
    for index in range(ramp_size(from_rate, to_rate, duration_s)):
        yield ramp_time(index, from_rate, to_rate, duration_s)


def stages_size(stages: Sequence[Stage]) -> int:
    """Returns the number of requests of all stages: the area under their line."""
    return round(sum(stage.area for stage in _joined(stages)))


def stages(parts: Sequence[Stage]) -> Iterator[float]:
    """Yields the times of a rate that changes linearly within each stage, beginning at 0.

    A stage begins at the rate of the one before; one of no duration changes the rate at once. The
    area is counted through all stages, so no stage rounds its own number of requests.
    """
    joined, at, began_s, sent_before = _joined(parts), 0, 0.0, 0.0
    for index in range(stages_size(parts)):
        while at + 1 < len(joined) and index >= sent_before + joined[at].area:
            began_s += joined[at].duration_s
            sent_before += joined[at].area
            at += 1
        part = joined[at]
        within_s = ramp_time(index - sent_before, part.from_rate, part.to_rate, part.duration_s)
        yield began_s + within_s


class _Joined(NamedTuple):
    """A stage with the rate at which it begins."""

    duration_s: float
    from_rate: float
    to_rate: float

    @property
    def area(self) -> float:
        return self.duration_s * (self.from_rate + self.to_rate) / 2


def _joined(stages: Sequence[Stage]) -> list[_Joined]:
    rates = [0.0, *(stage.rate for stage in stages)]
    return [
        _Joined(stage.duration_s, before, stage.rate)
        for stage, before in zip(stages, rates, strict=False)
    ]


def constant(rate: float, duration_s: float) -> Iterator[float]:
    """Yields round(rate x duration) times, evenly spaced over the duration."""
    size = round(rate * duration_s)
    for index in range(size):
        yield index * duration_s / size


def bounded(due_times: Iterator[float], duration_s: float, size: int | None) -> Iterator[float]:
    """Returns the times of a schedule up to a duration and a number of requests."""
    return takewhile(lambda due_s: due_s < duration_s, islice(due_times, size))


def in_turn(schedules: Mapping[Kind, Iterator[float]]) -> Iterator[tuple[float, Kind]]:
    """Yields the times of several kinds of request in their common order."""
    return heapq.merge(*([(due_s, kind) for due_s in own] for kind, own in schedules.items()))
