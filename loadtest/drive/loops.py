"""The two load loops: closed, as fast as answers come; open, on a schedule."""

import select
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from time import perf_counter_ns as clock_ns
from time import process_time, process_time_ns
from typing import Protocol, Self

from loadtest.drive.plan import OfficialPlan, Plan
from loadtest.drive.pool import Job
from loadtest.limits import (
    EXPIRE_EVERY_S,
    OVERDUE_MAX_S,
    RETRY_PAUSE_S,
    SENDS_PER_TURN,
    SPIN_NS,
    STOP_GRACE_S,
)
from loadtest.measure.recorder import Recorder
from loadtest.measure.tally import WorkerSecond
from loadtest.wire.engine import Engine
from loadtest.wire.outcome import NO_TLS, Failure, outcome_name
from loadtest.wire.request import Request

PAUSE_AFTER = frozenset(
    {
        *(Failure.REFUSED, Failure.RESET, Failure.NO_PORTS, Failure.NO_FILES),
        *(Failure.UNREACHABLE, Failure.TLS_BROKEN, *NO_TLS),
    }
)
UNREADABLE = "the answer cannot be read"
SECOND_NS = 1_000_000_000


class Watch(Protocol):
    """An edition's check of every answer, and of every request without one."""

    def ended(self, request: Request, code: int, body: bytes, sent_ns: int) -> None: ...

    def flush(self) -> None:
        """Writes its notes out for the process that writes the report."""


class Loop:
    """One engine, whose finished requests are counted and checked.

    An outcome that load must not have is kept as an example. Between answers it ends requests after
    their timeout, and hands over the counts of each finished second. As a context it ends with the
    answers in flight, and hands over the notes after an exception too.
    """

    def __init__(
        self, plan: Plan | OfficialPlan, job: Job, recorder: Recorder, watch: Watch | None
    ) -> None:
        self.spun_ns = 0
        self._recorder = recorder
        self._watch = watch
        self._engine = Engine(plan.address, self._ended, plan.timeout_s)
        self._job, self._stopped = job, job.stopped
        self._second_ends_ns, self._next_work_ns = job.start_ns + SECOND_NS, 0
        self._cpu_s, self._spun_s = process_time(), 0.0
        # End of the last wait for the target, for a free connection or a late answer.
        self._held_until_ns = job.start_ns

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        try:
            if failure is None:
                self.settle(lambda: not self._engine.in_flight)
                self._hand_over()
                self._engine.close()
        finally:
            self.flush()

    def settle(self, done: Callable[[], bool]) -> None:
        """Reads answers until done; after a stop it waits a moment, then gives up the rest."""
        engine, grace_ends_ns = self._engine, 0
        while not done():
            engine.turn(EXPIRE_EVERY_S)
            self._do_periodic(engine.now_ns)
            if self._stopped():
                grace_ends_ns = grace_ends_ns or clock_ns() + int(STOP_GRACE_S * 1e9)
                if clock_ns() >= grace_ends_ns:
                    engine.give_up()
                    return

    def flush(self) -> None:
        """Hands the notes of the answers to the process that writes the report."""
        if self._watch is not None:
            self._watch.flush()

    def _do_periodic(self, now_ns: int) -> None:
        """Does the work that is due by now; most calls find none."""
        if now_ns < self._next_work_ns:
            return
        self._engine.expire()
        if now_ns >= self._second_ends_ns:
            self._hand_over()
            passed = (now_ns - self._job.start_ns) // SECOND_NS
            self._second_ends_ns = self._job.start_ns + (passed + 1) * SECOND_NS
        self._next_work_ns = min(now_ns + int(EXPIRE_EVERY_S * 1e9), self._second_ends_ns)

    def _hand_over(self) -> None:
        cpu_s, spun_s, start_ns = process_time(), self.spun_ns / 1e9, self._job.start_ns
        sent_bytes, received_bytes = self._engine.take_traffic()
        second = WorkerSecond(
            second=(self._second_ends_ns - start_ns) // SECOND_NS - 1,
            elapsed_s=(clock_ns() - start_ns) / 1e9,
            cpu_s=cpu_s - self._cpu_s,
            spun_s=spun_s - self._spun_s,
            counts=self._recorder.take(),
            sent_bytes=sent_bytes,
            received_bytes=received_bytes,
            held_until_s=(self._held_until_ns - start_ns) / 1e9,
        )
        self._job.send(second)
        self._cpu_s, self._spun_s = cpu_s, spun_s

    def _ended(self, request: Request, code: int, body: bytes, due_ns: int, sent_ns: int) -> None:
        now_ns = self._engine.now_ns
        self._recorder.record(request, code, due_ns, sent_ns, now_ns)
        self._look(request, code, body, sent_ns)
        if code not in request.fine:
            what = f"{request.kind.name}: {outcome_name(code)}"
            self._recorder.keep_example(what, request, code, body)
        self._go_on(code, now_ns)

    def _look(self, request: Request, code: int, body: bytes, sent_ns: int) -> None:
        """Hands an answer to the watch; an exception there becomes a finding in the report."""
        if self._watch is None:
            return
        try:
            self._watch.ended(request, code, body, sent_ns)
        except Exception as error:  # noqa: BLE001 - the target chose the bytes; the load goes on
            self._recorder.find(f"{UNREADABLE}: {type(error).__name__}", request, code, body)

    def _go_on(self, code: int, now_ns: int) -> None:
        """Hook after each answer: a subclass may send the next request."""


class ClosedLoop(Loop):
    """Every connection sends its next request as soon as it has its answer."""

    def run(self, requests: Iterator[Request], connections: int, ends_ns: int) -> None:
        self._requests, self._resting = requests, deque[int]()
        self._connections, self._ends_ns, self._over_ns = connections, ends_ns, 0
        engine, resting = self._engine, self._resting
        for _ in range(connections):
            self._go_on(0, clock_ns())
        while engine.in_flight or resting:
            engine.turn(RETRY_PAUSE_S if resting else EXPIRE_EVERY_S)
            now_ns = engine.now_ns
            self._do_periodic(now_ns)
            if now_ns >= ends_ns or self._stopped():
                break
            while resting and resting[0] <= now_ns:
                self._go_on(0, resting.popleft())
        self._requests = iter(())

    def _go_on(self, code: int, now_ns: int) -> None:
        if now_ns > self._ends_ns and code >= HTTPStatus.OK:
            # Each connection works until its last answer, and the loop as long as they do on
            # average. A wait for no answer is no work.
            self._over_ns += now_ns - self._ends_ns
            self._held_until_ns = self._ends_ns + self._over_ns // self._connections
        if code in PAUSE_AFTER:
            self._resting.append(now_ns + int(RETRY_PAUSE_S * 1e9))
            return
        request = next(self._requests, None)
        if request is not None:
            self._recorder.record_sending(self._engine.start(request, now_ns) - now_ns)


class OpenLoop(Loop):
    """Every request is sent when it is due, even if earlier ones are unanswered."""

    def send(self, arrivals: Iterable[tuple[int, Request]], connections: int) -> None:
        """Sends each request when it is due, or once a connection is free if all are taken.

        The target causes the wait for a connection: it counts into the response time, and not as
        lateness of the generator.
        """
        engine, behind = self._engine, 0
        for due_ns, request in arrivals:
            behind = behind + 1 if self._wait_until(due_ns) else 0
            if behind >= SENDS_PER_TURN:
                behind = 0
                engine.turn(0)
                self._do_periodic(engine.now_ns)
            able_ns = due_ns
            while engine.in_flight >= connections and not self._stopped():
                engine.turn(EXPIRE_EVERY_S)
                able_ns = max(due_ns, engine.now_ns)
                self._do_periodic(engine.now_ns)
            if self._stopped() or clock_ns() - due_ns > OVERDUE_MAX_S * 1_000_000_000:
                break
            engine.drop_closed()
            sent_ns = engine.start(request, due_ns)
            self._recorder.record_sending(sent_ns - able_ns)
            if able_ns > due_ns:
                self._recorder.held += 1
                self._held_until_ns = sent_ns

    def _wait_until(self, due_ns: int) -> bool:
        """Sleeps until just before the moment, then spins; returns whether it was already past."""
        engine, on_the_spot, spun_from_ns = self._engine, True, 0
        while (now_ns := clock_ns()) < due_ns and not self._stopped():
            on_the_spot = False
            left_ns = self._attend(now_ns, due_ns) - now_ns
            if left_ns > SPIN_NS:
                # epoll counts in milliseconds; select on its descriptor counts in microseconds.
                nap_s = min((left_ns - SPIN_NS) / 1e9, EXPIRE_EVERY_S)
                select.select([engine], [], [], nap_s)
                engine.turn(0)
                spun_from_ns = 0
            else:
                # In CPU time: on a busy machine other programs run while this one spins.
                spun_from_ns = spun_from_ns or process_time_ns()
                engine.turn(0)
                spun_until_ns = process_time_ns()
                self.spun_ns += spun_until_ns - spun_from_ns
                spun_from_ns = spun_until_ns
            self._do_periodic(engine.now_ns)
        return on_the_spot

    def _attend(self, _now_ns: int, due_ns: int) -> int:
        """Hook for other work: does what is due, and returns when it next has work."""
        return due_ns


class OfficialLoop(OpenLoop):
    """The loop of an official run, which knows all its requests."""

    def run(self) -> None:
        """Sends all requests of the run."""
        raise NotImplementedError

    def _asks_again(self, request: Request, code: int, due_ns: int) -> bool:
        """Sends a request again that was lost with a kept connection, as Gatling does."""
        if code != Failure.KEPT_CLOSED:
            return False
        request.reuse = False
        self._engine.start(request, due_ns)
        return True
