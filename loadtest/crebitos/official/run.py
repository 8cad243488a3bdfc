"""The generator process of the official run: its steps in order, then its load on schedule."""

from collections.abc import Iterator, Sequence
from time import perf_counter_ns as clock_ns

from loadtest.crebitos.contract import CLIENTES
from loadtest.crebitos.mix import LedgerRequest
from loadtest.crebitos.official import steps
from loadtest.crebitos.official.judge import Judge
from loadtest.crebitos.official.plan import TICK_S
from loadtest.drive.loops import OfficialLoop, Watch
from loadtest.drive.plan import OfficialPlan
from loadtest.drive.pool import Job
from loadtest.limits import CONNECTIONS_MAX
from loadtest.wire.probe import Answer
from loadtest.wire.request import Request

Arrivals = list[tuple[float, LedgerRequest]]


class Official(OfficialLoop):
    """Runs the steps of the virtual users as answers come, and sends the load on its schedule."""

    def __init__(
        self, plan: OfficialPlan, load: Arrivals, judge: Judge, watch: Watch, job: Job
    ) -> None:
        super().__init__(plan, job, judge.recorder, watch)
        self._target, self._load, self._judge = plan.address, load, judge
        self._tick_ns = int(TICK_S / plan.speed * 1e9)
        self._asked: dict[int, tuple[steps.User, Sequence[Request], dict[int, Answer]]] = {}

    def run(self) -> None:
        """Sends 25 debits, 25 credits, the five clients' steps and the load."""
        judge, target = self._judge, self._target
        for delta, total in ((-1, -steps.TOGETHER), (1, 0)):
            self._run_users(
                [steps.one_transacao(judge, target, delta) for _ in range(steps.TOGETHER)]
            )
            self._run_users([steps.extrato_shows(judge, target, total)])
        began_ns = clock_ns()
        for cliente in CLIENTES:
            self._begin(steps.one_cliente(judge, target, cliente))
        unknown = len(self._asked)
        self._begin(steps.unknown_cliente(judge, target))
        # The load waits for this answer only; the clients' steps go on meanwhile.
        last = list(self._asked)[unknown]
        self.settle(lambda: last not in self._asked)
        ticks = 1 + (clock_ns() - began_ns) // self._tick_ns
        self.settle(lambda: clock_ns() >= began_ns + ticks * self._tick_ns)
        self.send(self._arrivals(clock_ns()), CONNECTIONS_MAX)

    def flush(self) -> None:
        super().flush()
        self._judge.flush()

    def _arrivals(self, start_ns: int) -> Iterator[tuple[int, Request]]:
        for due_s, request in self._load:
            yield start_ns + int(due_s * 1e9), request
            if request.delta:
                self._judge.load_begins_for(request.cliente)

    def _run_users(self, users: list[steps.User]) -> None:
        for user in users:
            self._begin(user)
        self.settle(lambda: not self._asked)

    def _begin(self, user: steps.User) -> None:
        self._send(user, next(user))

    def _send(self, user: steps.User, requests: Sequence[Request]) -> None:
        answers: dict[int, Answer] = {}
        for request in requests:
            self._asked[id(request)] = (user, requests, answers)
            now_ns = clock_ns()
            self._recorder.record_sending(self._engine.start(request, now_ns) - now_ns)

    def _move_on(self, request: Request, answer: Answer) -> None:
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

    def _ended(self, request: Request, code: int, body: bytes, due_ns: int, sent_ns: int) -> None:
        if self._asks_again(request, code, due_ns):
            self._look(request, code, body, sent_ns)
            return
        answer = Answer(code, body, sent_ns, self._engine.now_ns)
        self._recorder.record(request, code, due_ns, sent_ns, answer.answered_ns)
        self._look(request, code, body, sent_ns)
        if id(request) in self._asked:
            self._move_on(request, answer)
        elif isinstance(request, LedgerRequest):
            self._judge.judge_load(request, answer)
