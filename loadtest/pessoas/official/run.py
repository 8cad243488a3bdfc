"""Generator process of the official run: the schedule, and a detail for each added person."""

import heapq
from collections.abc import Iterator, Sequence
from itertools import count
from random import Random
from time import perf_counter_ns as clock_ns

from loadtest.drive.loops import OfficialLoop, Watch
from loadtest.drive.plan import OfficialPlan
from loadtest.drive.pool import Job
from loadtest.limits import CONNECTIONS_MAX, EXPIRE_EVERY_S
from loadtest.measure.recorder import Recorder
from loadtest.pessoas.contract import location_of
from loadtest.pessoas.mix import POST, PessoaRequest, detail
from loadtest.pessoas.official.plan import PAUSE_S, Arrival
from loadtest.wire.connection import Connection
from loadtest.wire.request import Request


class Official(OfficialLoop):
    """An open loop in which a detail follows each added person, on the same connection."""

    def __init__(
        self,
        plan: OfficialPlan,
        load: Sequence[Arrival],
        recorder: Recorder,
        watch: Watch,
        job: Job,
    ) -> None:
        super().__init__(plan, job, recorder, watch)
        self._target, self._load, self._speed = plan.address, load, plan.speed
        self._random = Random(f"pauses {plan.seed}")
        self._numbers = count()
        # Heap of the details that follow: due time, unique number, request, connection.
        self._following: list[tuple[int, int, Request, Connection | None]] = []

    def run(self) -> None:
        self.send(self._arrivals(clock_ns()), CONNECTIONS_MAX)
        while (self._engine.in_flight or self._following) and not self._stopped():
            self._wait_until(clock_ns() + int(EXPIRE_EVERY_S * 1e9))

    def _arrivals(self, start_ns: int) -> Iterator[tuple[int, Request]]:
        for due_s, request in self._load:
            # A loop that is behind schedule does not wait, and would not send the details.
            self._send_following(clock_ns())
            yield start_ns + int(due_s * 1e9), request

    def _attend(self, now_ns: int, due_ns: int) -> int:
        self._send_following(now_ns)
        return min(due_ns, self._following[0][0]) if self._following else due_ns

    def _send_following(self, now_ns: int) -> None:
        while self._following and self._following[0][0] <= now_ns:
            due_ns, _, request, connection = heapq.heappop(self._following)
            if connection is not None:
                self._engine.give_idle(connection)
            self._recorder.record_sending(self._engine.start(request, due_ns) - due_ns)

    def _ended(self, request: Request, code: int, body: bytes, due_ns: int, sent_ns: int) -> None:
        if self._asks_again(request, code, due_ns):
            return
        connection = self._engine.take_idle()
        super()._ended(request, code, body, due_ns, sent_ns)
        path = location_of(body) if code == 201 and request.kind == POST else ""
        if path and isinstance(request, PessoaRequest):
            pause_s = self._random.uniform(*PAUSE_S) / self._speed
            following = detail(self._target, path, request.place)
            due_ns = self._engine.now_ns + int(pause_s * 1e9)
            heapq.heappush(self._following, (due_ns, next(self._numbers), following, connection))
        elif connection is not None:
            self._engine.hang_up(connection)
