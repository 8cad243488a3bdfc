"""The official run's facts: how many, how fast, in which order."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from loadtest.crebitos.mix import Request, random_request
from loadtest.drive import schedule
from loadtest.wire.outcome import Kind

RAMP_S = 120.0
CONSTANT_S = 120.0
TICK_S = 1.0  # the judge looks once a second whether what follows may begin
FROM_RATE = 1.0
TO_RATES = {Kind.DEBIT: 220.0, Kind.CREDIT: 110.0, Kind.STATEMENT: 10.0}
CHECKS = 2 * (25 + 1) + 5 * 14 + 1
OFFICIAL_COUNTS = {
    Kind.DEBIT: 39_660,
    Kind.CREDIT: 19_860,
    Kind.STATEMENT: 1_860,
    Kind.CHECK: CHECKS,
}


@dataclass(frozen=True, slots=True)
class OfficialPlan:
    """The run, whole or as a rehearsal: faster by `speed`, or only the share `scale` of it."""

    host: str
    port: int
    seed: int
    timeout_s: float
    speed: float = 1.0
    scale: float = 1.0

    @property
    def name(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def is_rehearsal(self) -> bool:
        return self.speed != 1 or self.scale != 1

    @property
    def duration_s(self) -> float:
        return (RAMP_S + CONSTANT_S) * self.scale / self.speed

    @property
    def way(self) -> str:
        if not self.is_rehearsal:
            return "the official run"
        return f"REHEARSAL of the official run: speed x{self.speed:g}, scale x{self.scale:g}"


def due_times(plan: OfficialPlan, kind: Kind) -> Iterator[float]:
    """When the users of one kind arrive, in seconds from the load's start."""
    ramp_s, constant_s = RAMP_S * plan.scale, CONSTANT_S * plan.scale
    for due_s in schedule.ramp(FROM_RATE, TO_RATES[kind], ramp_s):
        yield due_s / plan.speed
    for due_s in schedule.constant(TO_RATES[kind], constant_s):
        yield (ramp_s + due_s) / plan.speed


def load_size(plan: OfficialPlan, kind: Kind) -> int:
    ramp = schedule.ramp_size(FROM_RATE, TO_RATES[kind], RAMP_S * plan.scale)
    return ramp + round(TO_RATES[kind] * CONSTANT_S * plan.scale)


def expected_counts(plan: OfficialPlan) -> dict[Kind, int]:
    """How many requests of each kind a complete run has."""
    return {**{kind: load_size(plan, kind) for kind in TO_RATES}, Kind.CHECK: CHECKS}


def build_load(plan: OfficialPlan) -> list[tuple[float, Request]]:
    """Every request of the load with its moment, each user on a connection of its own."""
    chance = Random(plan.seed)
    moments = heapq.merge(
        *([(due_s, kind) for due_s in due_times(plan, kind)] for kind in TO_RATES)
    )
    return [
        (due_s, random_request(kind, plan.name, chance, reuse=False)) for due_s, kind in moments
    ]
