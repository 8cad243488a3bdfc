"""Plans: the settings of a load run and of an official run."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Literal, NamedTuple

from loadtest.drive import schedule
from loadtest.wire.request import Address, Kind

FOR_EVER_S = 1e9
Mode = Literal["closed", "rate", "ramp", "stages"]


class Subset(NamedTuple):
    """A part of what an edition numbers: its name, and the numbers in ascending order."""

    name: str
    numbers: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.name} {spans(self.numbers)}"


@dataclass(frozen=True, slots=True)
class Plan:
    """Settings of one load run: loop, connections, rate, duration and checks."""

    address: Address
    mode: Mode
    connections: int
    duration_s: float
    size: int | None
    seed: int
    workers: int
    timeout_s: float
    rate: float = 0.0
    from_rate: float = 0.0
    poisson: bool = False
    keep_alive: bool = True
    checked: bool = True
    # The only type of request to send; without it the whole mix is sent.
    only: str | None = None
    stages: tuple[schedule.Stage, ...] = ()
    # The weight of each type of the edition in the mix; without any, the edition's own.
    mix: tuple[int, ...] = ()
    # The part of the edition's data that the requests are about; without one, all of it.
    subset: Subset | None = None

    @property
    def way(self) -> str:
        """The loop and its settings in words."""
        parts = [self._loop]
        parts += [f"mix {':'.join(map(str, self.mix))}"] if self.mix else []
        parts += [str(self.subset)] if self.subset is not None else []
        parts += [f"{self.only} only"] if self.only else []
        return ", ".join(parts)

    @property
    def _loop(self) -> str:
        if self.mode == "closed":
            return f"closed loop, {self.connections} connections"
        if self.mode == "ramp":
            return f"open loop, a ramp from {self.from_rate:g} to {self.rate:g} requests/s"
        if self.mode == "stages":
            named = ", ".join(f"{one.duration_s:g}s:{one.rate:g}" for one in self.stages)
            return f"open loop, stages {named} requests/s"
        spacing = "Poisson" if self.poisson else "even"
        return f"open loop, {self.rate:g} requests/s, {spacing} spacing"

    @property
    def planned_s(self) -> float | None:
        """The planned duration, if there is one."""
        if self.mode == "rate" and self.size:
            return min(self.duration_s, self.size / self.rate)
        return None if self.duration_s == FOR_EVER_S else self.duration_s

    def chosen(self, cycle: Sequence[Kind]) -> list[Kind]:
        """Returns the shortest cycle of the plan's mix; it is empty if `only` is none of its types.

        `cycle` has the types of the edition, in its own mix.
        """
        if self.mix:
            shortest = math.gcd(*self.mix)
            weighted = zip(dict.fromkeys(cycle), self.mix, strict=True)
            return [kind for kind, weight in weighted for _ in range(weight // shortest)]
        return [kind for kind in cycle if self.only in {None, kind.name}]

    @property
    def worker_seeds(self) -> list[int]:
        """One random seed per worker, made from the run's seed."""
        return [self.seed * self.workers + worker for worker in range(self.workers)]

    def due_times(self) -> Iterator[float]:
        """Returns the schedule of an open loop, in seconds from its start."""
        if self.mode == "ramp":
            due_times = schedule.ramp(self.from_rate, self.rate, self.duration_s)
        elif self.mode == "stages":
            due_times = schedule.stages(self.stages)
        elif self.poisson:
            due_times = schedule.poisson(self.rate, Random(self.seed))
        else:
            due_times = schedule.even(self.rate)
        return schedule.bounded(due_times, self.duration_s, self.size)

    def due_times_of(self, worker: int) -> Iterator[float]:
        """Returns one worker's part of the schedule; the parts of all make up the whole."""
        return islice(self.due_times(), worker, None, self.workers)

    def wanted(self) -> int | None:
        """Returns the number of requests that an open loop has to send; None for a closed loop."""
        return None if self.mode == "closed" else sum(1 for _ in self.due_times())


def spans(numbers: Sequence[int]) -> str:
    """Returns ascending numbers as text, neighbours as a span: 1,3-5."""
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][-1] + 1:
            found[-1].append(number)
        else:
            found.append([number])
    return ",".join(f"{one[0]}-{one[-1]}" if len(one) > 1 else str(one[0]) for one in found)


@dataclass(frozen=True, slots=True)
class OfficialPlan:
    """An official run, or a rehearsal: faster by `speed`, or only the share `scale` of it."""

    address: Address
    seed: int
    timeout_s: float
    speed: float = 1.0
    scale: float = 1.0

    @property
    def is_rehearsal(self) -> bool:
        return self.speed != 1 or self.scale != 1

    @property
    def way(self) -> str:
        if not self.is_rehearsal:
            return "the official run"
        return f"REHEARSAL of the official run: speed x{self.speed:g}, scale x{self.scale:g}"
