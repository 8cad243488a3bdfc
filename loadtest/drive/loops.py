"""The two ways to drive: a closed loop as fast as answers come, an open loop on a schedule."""

import select
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from time import perf_counter_ns as clock_ns

from loadtest.crebitos.history.watch import Watch
from loadtest.crebitos.mix import Request
from loadtest.limits import (
    EXPIRE_EVERY_S,
    OVERDUE_MAX_S,
    RETRY_PAUSE_S,
    SENDS_PER_TURN,
    SPIN_NS,
    STOP_GRACE_S,
)
from loadtest.measure.recorder import Recorder
from loadtest.wire.engine import Engine
from loadtest.wire.outcome import NEVER_LEFT, Failure

PAUSE_AFTER = frozenset(
    {Failure.REFUSED, Failure.RESET, Failure.NO_PORTS, Failure.NO_FILES, Failure.UNREACHABLE}
)


class Beat:
    """What a loop does between turns: hands over full seconds, gives up on old requests."""

    def __init__(self, strike: Callable[[int], int], stopped: Callable[[], bool]) -> None:
        self.strike = strike
        self.stopped = stopped
        self.next_ns = 0

    def at(self, now_ns: int) -> None:
        if now_ns >= self.next_ns:
            self.next_ns = self.strike(now_ns)


def settle(engine: Engine, beat: Beat, done: Callable[[], bool]) -> None:
    """Reads answers until done; told to stop, it waits a moment and gives the rest up."""
    grace_ends_ns = 0
    while not done():
        engine.turn(EXPIRE_EVERY_S)
        beat.at(engine.batch_ns)
        if beat.stopped():
            grace_ends_ns = grace_ends_ns or clock_ns() + int(STOP_GRACE_S * 1e9)
            if clock_ns() >= grace_ends_ns:
                engine.give_up()
                return


class ClosedLoop:
    """Every connection sends its next request as soon as it has its answer."""

    def __init__(
        self, requests: Iterator[Request], recorder: Recorder, watch: Watch | None
    ) -> None:
        self.engine: Engine
        self._requests = requests
        self._recorder = recorder
        self._watch = watch
        self._resting: deque[int] = deque()

    def answered(
        self, request: Request, status: int, body: bytes, due_ns: int, sent_ns: int
    ) -> None:
        recorder, engine = self._recorder, self.engine
        recorder.record(request, status, due_ns, sent_ns, engine.batch_ns)
        if self._watch is not None:
            self._watch.answered(request, status, body, sent_ns)
        if status != 200:
            recorder.record_failure(request, status, body)
        self._send_next(engine.batch_ns)

    def lost(
        self, request: Request, failure: Failure, seen: bytes, due_ns: int, sent_ns: int
    ) -> None:
        now_ns = self.engine.batch_ns
        self._recorder.record(request, failure, due_ns, sent_ns, max(now_ns, sent_ns))
        self._recorder.record_failure(request, failure, seen)
        if self._watch is not None and failure not in NEVER_LEFT:
            self._watch.lost(request, sent_ns)
        if failure in PAUSE_AFTER:
            self._resting.append(now_ns + int(RETRY_PAUSE_S * 1e9))
        else:
            self._send_next(now_ns)

    def run(self, connections: int, ends_ns: int, beat: Beat) -> None:
        engine = self.engine
        for _ in range(connections):
            self._send_next(clock_ns())
        while engine.in_flight or self._resting:
            engine.turn(RETRY_PAUSE_S if self._resting else EXPIRE_EVERY_S)
            now_ns = engine.batch_ns
            beat.at(now_ns)
            if now_ns >= ends_ns or beat.stopped():
                break
            while self._resting and self._resting[0] <= now_ns:
                self._send_next(self._resting.popleft())
        self._requests = iter(())
        self._resting.clear()
        settle(engine, beat, lambda: not engine.in_flight)

    def _send_next(self, due_ns: int) -> None:
        request = next(self._requests, None)
        if request is not None:
            self._recorder.record_sending(self.engine.start(request, due_ns) - due_ns)


class OpenLoop:
    """Every request leaves when it is due, whatever became of those before it."""

    def __init__(self, recorder: Recorder, watch: Watch | None) -> None:
        self.engine: Engine
        self.spun_ns = 0
        self._recorder = recorder
        self._watch = watch

    def answered(
        self, request: Request, status: int, body: bytes, due_ns: int, sent_ns: int
    ) -> None:
        self._recorder.record(request, status, due_ns, sent_ns, self.engine.batch_ns)
        if self._watch is not None:
            self._watch.answered(request, status, body, sent_ns)
        if status != 200:
            self._recorder.record_failure(request, status, body)

    def lost(
        self, request: Request, failure: Failure, seen: bytes, due_ns: int, sent_ns: int
    ) -> None:
        self._recorder.record(request, failure, due_ns, sent_ns, max(self.engine.batch_ns, sent_ns))
        self._recorder.record_failure(request, failure, seen)
        if self._watch is not None and failure not in NEVER_LEFT:
            self._watch.lost(request, sent_ns)

    def play(self, arrivals: Iterable[tuple[int, Request]], connections: int, beat: Beat) -> None:
        """Sends each request at its moment; with every connection taken, as soon as one is free.

        The wait for a connection is the target's doing: it counts into the response time, and
        not as lateness of the generator.
        """
        engine, behind = self.engine, 0
        for due_ns, request in arrivals:
            behind = behind + 1 if self._wait_until(due_ns, beat) else 0
            if behind >= SENDS_PER_TURN:
                behind = 0
                engine.turn(0)
                beat.at(engine.batch_ns)
            able_ns = due_ns
            while engine.in_flight >= connections and not beat.stopped():
                engine.turn(EXPIRE_EVERY_S)
                able_ns = max(due_ns, engine.batch_ns)
                beat.at(engine.batch_ns)
            if beat.stopped() or clock_ns() - due_ns > OVERDUE_MAX_S * 1_000_000_000:
                break
            self._recorder.held += able_ns > due_ns
            self._recorder.record_sending(engine.start(request, due_ns) - able_ns)

    def _wait_until(self, due_ns: int, beat: Beat) -> bool:
        """Sleeps short of the moment, then watches for it; false when there was time to wait."""
        engine, on_the_spot = self.engine, True
        while (now_ns := clock_ns()) < due_ns and not beat.stopped():
            on_the_spot = False
            left_ns = due_ns - now_ns
            if left_ns > SPIN_NS:
                # epoll counts in milliseconds; select on its file counts in microseconds.
                nap_s = min((left_ns - SPIN_NS) / 1e9, EXPIRE_EVERY_S)
                select.select([engine], [], [], nap_s)
                engine.turn(0)
            else:
                engine.turn(0)
                self.spun_ns += clock_ns() - now_ns
            beat.at(engine.batch_ns)
        return on_the_spot


def counted(requests: Iterator[Request], size: int | None) -> Iterator[Request]:
    """At most so many of them."""
    return requests if size is None else islice(requests, size)
