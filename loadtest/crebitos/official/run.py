"""The generator process of the official run: its steps in order, then its load on schedule."""

from collections.abc import Iterator
from time import perf_counter_ns as clock_ns
from time import sleep

from loadtest.crebitos.contract import CLIENTES
from loadtest.crebitos.history.watch import Watch
from loadtest.crebitos.mix import Request
from loadtest.crebitos.official import steps
from loadtest.crebitos.official.judge import Judge
from loadtest.crebitos.official.plan import TICK_S, OfficialPlan
from loadtest.drive.crew import Clerk, Desk
from loadtest.drive.loops import Beat, OpenLoop, settle
from loadtest.limits import CONNECTIONS_MAX, EXPIRE_EVERY_S
from loadtest.measure.recorder import Recorder
from loadtest.wire.engine import Engine
from loadtest.wire.outcome import Failure, Kind
from loadtest.wire.probe import Answer

Load = list[tuple[float, Request]]


def work(plan: OfficialPlan, load: Load, desk: Desk) -> None:
    """Plays the whole run: 25 debits, 25 credits, the five clients, and the load over their end."""
    recorder, judge = Recorder(), Judge()
    official = Official(plan, recorder, judge, Watch(recorder, desk.notes))
    clerk = Clerk(
        desk,
        lambda: recorder.take() | judge.take(),
        official.engine.expire,
        lambda: official.loop.spun_ns,
        int(EXPIRE_EVERY_S * 1e9),
    )
    sleep(max(0.0, (desk.start_ns - clock_ns()) / 1e9))
    official.play(load, Beat(clerk.strike, desk.stopped))
    clerk.hand_over()
    official.engine.close()


class Official:
    """Moves the virtual users on as their answers come, and hands the load to an open loop."""

    def __init__(self, plan: OfficialPlan, recorder: Recorder, judge: Judge, watch: Watch) -> None:
        self._host = plan.name
        self._recorder, self._judge, self._watch = recorder, judge, watch
        self.loop = OpenLoop(recorder, None)
        self.engine = self.loop.engine = Engine(
            plan.host, plan.port, self._answered, self._lost, plan.timeout_s
        )
        self._tick_ns = int(TICK_S / plan.speed * 1e9)
        self._asked: dict[int, tuple[steps.User, list[Request], dict[int, Answer]]] = {}

    def play(self, load: Load, beat: Beat) -> None:
        judge, host = self._judge, self._host
        for delta, total in ((-1, -steps.TOGETHER), (1, 0)):
            self._run_users(
                [steps.one_transaction(judge, host, delta) for _ in range(steps.TOGETHER)], beat
            )
            self._run_users([steps.statement_shows(judge, host, total)], beat)
        began_ns = clock_ns()
        clients = [steps.one_client(judge, host, client) for client in CLIENTES]
        for user in clients:
            self._begin(user)
        unknown = len(self._asked)
        self._begin(steps.unknown_client(judge, host))
        # The load waits for this one answer only; the clients' steps go on beneath it.
        last = list(self._asked)[unknown]
        settle(self.engine, beat, lambda: last not in self._asked)
        ticks = 1 + (clock_ns() - began_ns) // self._tick_ns
        settle(self.engine, beat, lambda: clock_ns() >= began_ns + ticks * self._tick_ns)
        self.loop.play(self._arrivals(load, clock_ns()), CONNECTIONS_MAX, beat)
        settle(self.engine, beat, lambda: not self.engine.in_flight)

    def _arrivals(self, load: Load, start_ns: int) -> Iterator[tuple[int, Request]]:
        for due_s, request in load:
            yield start_ns + int(due_s * 1e9), request
            if request.delta:
                self._judge.load_begins_for(request.client)

    def _run_users(self, users: list[steps.User], beat: Beat) -> None:
        for user in users:
            self._begin(user)
        settle(self.engine, beat, lambda: not self._asked)

    def _begin(self, user: steps.User) -> None:
        self._send(user, next(user))

    def _send(self, user: steps.User, requests: list[Request]) -> None:
        answers: dict[int, Answer] = {}
        for request in requests:
            self._asked[id(request)] = (user, requests, answers)
            now_ns = clock_ns()
            self._recorder.record_sending(self.engine.start(request, now_ns) - now_ns)

    def _go_on(self, request: Request, answer: Answer) -> None:
        user, requests, answers = self._asked[id(request)]
        answers[id(request)] = answer
        if len(answers) == len(requests):
            try:
                following = user.send([answers[id(asked)] for asked in requests])
            except StopIteration:
                following = []
            for asked in requests:
                del self._asked[id(asked)]
            self._send(user, following)

    def _answered(
        self, request: Request, status: int, body: bytes, due_ns: int, sent_ns: int
    ) -> None:
        self._watch.answered(request, status, body, sent_ns)
        self._take(request, Answer(status, body, sent_ns, self.engine.batch_ns), due_ns)

    def _lost(
        self, request: Request, failure: Failure, seen: bytes, due_ns: int, sent_ns: int
    ) -> None:
        self._watch.lost(request, sent_ns)
        lost_ns = max(self.engine.batch_ns, sent_ns)
        self._take(request, Answer(failure, seen, sent_ns, lost_ns), due_ns)

    def _take(self, request: Request, answer: Answer, due_ns: int) -> None:
        self._recorder.record(request, answer.code, due_ns, answer.sent_ns, answer.answered_ns)
        if request.kind == Kind.CHECK:
            self._go_on(request, answer)
        else:
            self._judge.judge_load(request, answer)
