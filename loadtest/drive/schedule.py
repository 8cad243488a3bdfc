"""When each request is due, in seconds from the start. Pure arithmetic."""

import math
from collections.abc import Iterator
from itertools import count
from random import Random


def even(rate: float) -> Iterator[float]:
    """One request every 1/rate seconds, the first at once, without end."""
    for index in count():
        yield index / rate


def poisson(rate: float, chance: Random) -> Iterator[float]:
    """Independent arrivals: exponential gaps with the mean 1/rate, without end."""
    due_s = 0.0
    while True:
        due_s += chance.expovariate(rate)
        yield due_s


def ramp_size(from_rate: float, to_rate: float, duration_s: float) -> int:
    """How many requests a linear ramp holds: the area under its line."""
    return round(duration_s * (from_rate + (to_rate - from_rate) / 2))


def ramp_time(index: int, from_rate: float, to_rate: float, duration_s: float) -> float:
    """The moment at which the area under the ramp reaches index: a t^2 + b t = index."""
    square = (to_rate - from_rate) / (2 * duration_s)
    if square == 0:
        return index / from_rate
    root = math.sqrt(max(0.0, from_rate * from_rate + 4 * square * index))
    return 2 * index / (from_rate + root) if index else 0.0


def ramp(from_rate: float, to_rate: float, duration_s: float) -> Iterator[float]:
    """A rate that grows (or falls) in a straight line over the duration."""
    for index in range(ramp_size(from_rate, to_rate, duration_s)):
        yield ramp_time(index, from_rate, to_rate, duration_s)


def constant(rate: float, duration_s: float) -> Iterator[float]:
    """Even spacing over a duration: round(rate x duration) requests."""
    size = round(rate * duration_s)
    for index in range(size):
        yield index * duration_s / size


def bounded(due_times: Iterator[float], duration_s: float, size: int | None) -> Iterator[float]:
    """The part of a schedule that a run is long enough for."""
    for index, due_s in enumerate(due_times):
        if due_s >= duration_s or (size is not None and index >= size):
            return
        yield due_s


def share(due_times: Iterator[float], worker: int, workers: int) -> Iterator[float]:
    """Every worker's own part; together they keep every moment of the schedule."""
    for index, due_s in enumerate(due_times):
        if index % workers == worker:
            yield due_s
