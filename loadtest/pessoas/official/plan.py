"""The plan of the official run: counts, rates and order of its requests."""

from collections.abc import Iterator
from importlib.resources import files
from itertools import islice
from random import Random

from loadtest.drive import schedule
from loadtest.drive.plan import OfficialPlan
from loadtest.pessoas.crowd import Crowd
from loadtest.pessoas.mix import BARE, POST, SEARCH, PessoaRequest, bare_search, post_of, search
from loadtest.pessoas.payloads import payloads, termos
from loadtest.wire.request import Kind

SIMULATION = files("loadtest.pessoas") / "Pessoas.scala"  # the same run, for Gatling
WARM_UP_S = 25.0
RAMP_S = 180.0
FROM_RATE = 6.0
TO_RATES = {POST: 600.0, SEARCH: 100.0, BARE: 40.0}
# In the warm-up, arrivals are evenly spaced, except the later posts, which are random.
EVEN_RATE = 2.0
EVEN_POSTS_S = 10.0
RANDOM_RATE = 5.0
PAUSE_S = (0.001, 0.030)  # between the answer to a post and the request for that person

Arrival = tuple[float, PessoaRequest]


def duration_s(plan: OfficialPlan) -> float:
    return (WARM_UP_S + RAMP_S) * plan.scale / plan.speed


def due_times(plan: OfficialPlan, kind: Kind) -> Iterator[float]:
    """Yields the arrival times of one kind's users, in seconds from the start."""
    warm_up_s, ramp_s = WARM_UP_S * plan.scale, RAMP_S * plan.scale
    even_s = EVEN_POSTS_S * plan.scale if kind == POST else warm_up_s
    moments_s = list(schedule.constant(EVEN_RATE, even_s))
    if kind == POST:
        random = Random(f"arrivals {plan.seed}")
        comers = schedule.bounded(schedule.poisson(RANDOM_RATE, random), warm_up_s - even_s, None)
        moments_s += [even_s + due_s for due_s in comers]
    moments_s += [warm_up_s + due_s for due_s in schedule.ramp(FROM_RATE, TO_RATES[kind], ramp_s)]
    for due_s in moments_s:
        yield due_s / plan.speed


def expected_counts(plan: OfficialPlan) -> dict[Kind, int]:
    """Returns the number of requests of each kind in a complete run, without the details."""
    return {kind: sum(1 for _ in due_times(plan, kind)) for kind in TO_RATES}


def crowd_of(plan: OfficialPlan) -> Crowd:
    """Returns all people of the run, in the order of sending."""
    return Crowd(islice(payloads(plan.seed), expected_counts(plan)[POST]))


def right_people(crowd: Crowd) -> int:
    """Returns the number of people that must be stored: one for each apelido of a right person."""
    return len(crowd.rivals)


def size(plan: OfficialPlan) -> int:
    """Returns the number of requests of a run without failures, with a detail for each person."""
    return sum(expected_counts(plan).values()) + right_people(crowd_of(plan))


def build_load(plan: OfficialPlan, crowd: Crowd) -> list[Arrival]:
    """Returns every request of the load with its time; each user has a connection of its own."""
    target = plan.address
    people = (
        # The connection is kept for the detail that follows.
        post_of(target, payload, place, reuse=True)
        for place, payload in enumerate(crowd.payloads)
    )
    searches = (search(target, termo, reuse=False) for termo in termos(plan.seed))
    of_kind: dict[Kind, Iterator[PessoaRequest]] = {POST: people, SEARCH: searches}
    moments = schedule.in_turn({kind: due_times(plan, kind) for kind in TO_RATES})
    return [
        (due_s, bare_search(target, reuse=False) if kind == BARE else next(of_kind[kind]))
        for due_s, kind in moments
    ]
