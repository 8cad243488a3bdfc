"""Plans: the settings of a load run and of an official run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Literal

from loadtest.drive import schedule
from loadtest.wire.request import Address, Kind

FOR_EVER_S = 1e9
Mode = Literal["closed", "rate", "ramp"]


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

    @property
    def way(self) -> str:
        """The loop and its settings in words."""
        only = f", {self.only} only" if self.only else ""
        if self.mode == "closed":
            return f"closed loop, {self.connections} connections{only}"
        if self.mode == "ramp":
            return f"open loop, a ramp from {self.from_rate:g} to {self.rate:g} requests/s{only}"
        spacing = "Poisson" if self.poisson else "even"
        return f"open loop, {self.rate:g} requests/s, {spacing} spacing{only}"

    @property
    def planned_s(self) -> float | None:
        """The planned duration, if there is one."""
        return None if self.duration_s == FOR_EVER_S else self.duration_s

    def chosen(self, cycle: Sequence[Kind]) -> list[Kind]:
        """Returns the part of a mix that `only` keeps; it is empty if the mix has no such type."""
        return [kind for kind in cycle if self.only in {None, kind.name}]

    @property
    def worker_seeds(self) -> list[int]:
        """One random seed per worker, made from the run's seed."""
        return [self.seed * self.workers + worker for worker in range(self.workers)]

    def due_times(self) -> Iterator[float]:
        """Returns the schedule of an open loop, in seconds from its start."""
        if self.mode == "ramp":
            due_times = schedule.ramp(self.from_rate, self.rate, self.duration_s)
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
