"""One generator process of a load run."""

from collections.abc import Iterator
from itertools import cycle
from random import Random
from time import perf_counter_ns as clock_ns
from time import sleep

from loadtest.crebitos.history.watch import Watch
from loadtest.crebitos.mix import CYCLE, Request, build_requests
from loadtest.drive import schedule
from loadtest.drive.crew import Clerk, Desk
from loadtest.drive.loops import Beat, ClosedLoop, OpenLoop, counted, settle
from loadtest.drive.plan import Plan
from loadtest.limits import EXPIRE_EVERY_S
from loadtest.measure.recorder import Recorder
from loadtest.wire.engine import Engine


def work(plan: Plan, requests: list[list[Request]], desk: Desk) -> None:
    """Drives this worker's share of the load until it is done or stopped."""
    recorder = Recorder()
    watch = Watch(recorder, desk.notes) if plan.checked else None
    # Whole cycles repeat, so the mix stays exact.
    own = cycle(requests[desk.worker])
    sleep(max(0.0, (desk.start_ns - clock_ns()) / 1e9))
    if plan.mode == "closed":
        _work_closed(plan, desk, recorder, watch, own)
    else:
        _work_open(plan, desk, recorder, watch, own)


def requests_of(plan: Plan, worker: int) -> list[Request]:
    """A worker's own shuffle, from the run's seed."""
    seed = plan.seed * plan.workers + worker
    return build_requests(plan.name, seed, reuse=plan.keep_alive)


def cycles_share(size: int, worker: int, workers: int) -> int:
    """How many requests fall to a worker: whole cycles, so that the sum of mixes is exact."""
    cycles, rest = divmod(size, len(CYCLE))
    own = (cycles // workers + (worker < cycles % workers)) * len(CYCLE)
    return own + (rest if worker == workers - 1 else 0)


def connections_share(plan: Plan, worker: int) -> int:
    return plan.connections // plan.workers + (worker < plan.connections % plan.workers)


def _work_closed(
    plan: Plan, desk: Desk, recorder: Recorder, watch: Watch | None, own: Iterator[Request]
) -> None:
    size = None if plan.size is None else cycles_share(plan.size, desk.worker, plan.workers)
    loop = ClosedLoop(counted(own, size), recorder, watch)
    engine = loop.engine = Engine(plan.host, plan.port, loop.answered, loop.lost, plan.timeout_s)
    clerk = Clerk(desk, recorder.take, engine.expire, lambda: 0, int(EXPIRE_EVERY_S * 1e9))
    ends_ns = desk.start_ns + int(plan.duration_s * 1e9)
    loop.run(connections_share(plan, desk.worker), ends_ns, Beat(clerk.strike, desk.stopped))
    clerk.hand_over()
    engine.close()


def _work_open(
    plan: Plan, desk: Desk, recorder: Recorder, watch: Watch | None, own: Iterator[Request]
) -> None:
    loop = OpenLoop(recorder, watch)
    engine = loop.engine = Engine(plan.host, plan.port, loop.answered, loop.lost, plan.timeout_s)
    clerk = Clerk(
        desk, recorder.take, engine.expire, lambda: loop.spun_ns, int(EXPIRE_EVERY_S * 1e9)
    )
    beat = Beat(clerk.strike, desk.stopped)
    due_times = schedule.share(due_times_of(plan), desk.worker, plan.workers)
    arrivals = (
        (desk.start_ns + int(due_s * 1e9), request)
        for due_s, request in zip(due_times, own, strict=False)
    )
    loop.play(arrivals, connections_share(plan, desk.worker), beat)
    settle(engine, beat, lambda: not engine.in_flight)
    clerk.hand_over()
    engine.close()


def due_times_of(plan: Plan) -> Iterator[float]:
    """The whole run's schedule, in seconds from its start."""
    if plan.mode == "ramp":
        due_times = schedule.ramp(plan.from_rate, plan.rate, plan.duration_s)
    elif plan.poisson:
        due_times = schedule.poisson(plan.rate, Random(plan.seed))
    else:
        due_times = schedule.even(plan.rate)
    return schedule.bounded(due_times, plan.duration_s, plan.size)
