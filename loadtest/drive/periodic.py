"""Periodic work of a worker: timeouts, and the counts of each second."""

from collections.abc import Callable
from time import perf_counter_ns as clock_ns
from time import process_time

from loadtest.drive.pool import Job
from loadtest.limits import EXPIRE_EVERY_S
from loadtest.measure.recorder import Recorder
from loadtest.measure.tally import WorkerSecond
from loadtest.wire.engine import Engine

SECOND_NS = 1_000_000_000


class PeriodicWork:
    """Ends requests after their timeout, and hands over the counts of each finished second."""

    def __init__(
        self, job: Job, engine: Engine, recorder: Recorder, spun_ns: Callable[[], int]
    ) -> None:
        self.stopped = job.stopped
        self._job, self._engine, self._recorder, self._spun_ns = job, engine, recorder, spun_ns
        self._second_ends_ns = job.start_ns + SECOND_NS
        self._next_ns = 0
        self._cpu_s, self._spun_s = process_time(), 0.0

    def do(self, now_ns: int) -> None:
        """Does the work that is due by now; most calls find none."""
        if now_ns < self._next_ns:
            return
        self._engine.expire()
        if now_ns >= self._second_ends_ns:
            self.hand_over()
            passed = (now_ns - self._job.start_ns) // SECOND_NS
            self._second_ends_ns = self._job.start_ns + (passed + 1) * SECOND_NS
        self._next_ns = min(now_ns + int(EXPIRE_EVERY_S * 1e9), self._second_ends_ns)

    def hand_over(self) -> None:
        cpu_s, spun_s = process_time(), self._spun_ns() / 1e9
        second = WorkerSecond(
            second=(self._second_ends_ns - self._job.start_ns) // SECOND_NS - 1,
            elapsed_s=(clock_ns() - self._job.start_ns) / 1e9,
            cpu_s=cpu_s - self._cpu_s,
            spun_s=spun_s - self._spun_s,
            counts=self._recorder.take(),
        )
        self._job.send(second)
        self._cpu_s, self._spun_s = cpu_s, spun_s
