"""The work of a generator process: its share of a load, or a whole official run."""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from time import perf_counter_ns as clock_ns
from time import sleep

from loadtest.drive.loops import ClosedLoop, OfficialLoop, OpenLoop, Watch
from loadtest.drive.plan import Plan
from loadtest.drive.pool import Job
from loadtest.measure.recorder import Recorder
from loadtest.wire.request import Request

WatchOf = Callable[[int, Recorder], Watch | None]


def work_official(loop_of: Callable[[Job], OfficialLoop], job: Job) -> None:
    """Drives a whole official run in this one process."""
    _wait_for_start(job)
    with loop_of(job) as official:
        official.run()


def work(
    plan: Plan, mixes: Sequence[Iterable[Request]], unit: int, watch_of: WatchOf, job: Job
) -> None:
    """Drives this worker's share of the load until it is done or stopped.

    `mixes` has an endless stream of requests per worker; `unit` is the size of one cycle.
    """
    recorder = Recorder(plan.address)
    watch = watch_of(job.worker, recorder)
    connections = plan.connections // plan.workers + (job.worker < plan.connections % plan.workers)
    own = iter(mixes[job.worker])
    _wait_for_start(job)
    if plan.mode == "closed":
        size = share_of_size(plan.size, unit, job.worker, plan.workers)
        ends_ns = job.start_ns + int(plan.duration_s * 1e9)
        with ClosedLoop(plan, job, recorder, watch) as closed:
            closed.run(islice(own, size), connections, ends_ns)
    else:
        due_times = plan.due_times_of(job.worker)
        moments_ns = (job.start_ns + int(due_s * 1e9) for due_s in due_times)
        with OpenLoop(plan, job, recorder, watch) as opened:
            opened.send(zip(moments_ns, own, strict=False), connections)


def _wait_for_start(job: Job) -> None:
    sleep(max(0.0, (job.start_ns - clock_ns()) / 1e9))


def share_of_size(size: int | None, unit: int, worker: int, workers: int) -> int | None:
    """Returns a worker's number of requests: whole cycles, so that the mix stays exact."""
    if size is None:
        return None
    units, rest = divmod(size, unit)
    own = (units // workers + (worker < units % workers)) * unit
    return own + (rest if worker == workers - 1 else 0)
