"""The plan of the official run: counts, rates and order of its requests."""

from collections.abc import Iterator
from importlib.resources import files
from random import Random

from loadtest.crebitos.mix import CREDIT, DEBIT, EXTRATO, LedgerRequest, random_request
from loadtest.drive import schedule
from loadtest.drive.plan import OfficialPlan
from loadtest.wire.request import CHECK, Kind

SIMULATION = files("loadtest.crebitos") / "Crebitos.scala"  # the same run, for Gatling
RAMP_S = 120.0
CONSTANT_S = 120.0
TICK_S = 1.0  # the judge checks once a second whether the next step may begin
FROM_RATE = 1.0
TO_RATES = {DEBIT: 220.0, CREDIT: 110.0, EXTRATO: 10.0}
CHECKS = 2 * (25 + 1) + 5 * 14 + 1
OFFICIAL_COUNTS = {
    DEBIT: 39_660,
    CREDIT: 19_860,
    EXTRATO: 1_860,
    CHECK: CHECKS,
}


def duration_s(plan: OfficialPlan) -> float:
    return (RAMP_S + CONSTANT_S) * plan.scale / plan.speed


def due_times(plan: OfficialPlan, kind: Kind) -> Iterator[float]:
    """Yields the arrival times of one kind's users, in seconds from the load's start."""
    ramp_s, constant_s = RAMP_S * plan.scale, CONSTANT_S * plan.scale
    for due_s in schedule.ramp(FROM_RATE, TO_RATES[kind], ramp_s):
        yield due_s / plan.speed
    for due_s in schedule.constant(TO_RATES[kind], constant_s):
        yield (ramp_s + due_s) / plan.speed


def expected_counts(plan: OfficialPlan) -> dict[Kind, int]:
    """Returns the number of requests of each kind in a complete run."""
    counts = {kind: sum(1 for _ in due_times(plan, kind)) for kind in TO_RATES}
    return {**counts, CHECK: CHECKS}


def size(plan: OfficialPlan) -> int:
    """Returns the number of requests of a complete run."""
    return sum(expected_counts(plan).values())


def build_load(plan: OfficialPlan) -> list[tuple[float, LedgerRequest]]:
    """Returns every request of the load with its time; each has a connection of its own."""
    random, target = Random(plan.seed), plan.address
    moments = schedule.in_turn({kind: due_times(plan, kind) for kind in TO_RATES})
    return [(due_s, random_request(kind, target, random, reuse=False)) for due_s, kind in moments]
