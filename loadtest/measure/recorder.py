"""Counts what happened, second by second, while the load runs."""

from collections import defaultdict

from msgspec import Struct, field

from loadtest.limits import EXAMPLES_PER_FAILURE
from loadtest.measure.histogram import EXACT_BELOW_US, Pairs, bucket_us
from loadtest.wire.curl import curl_line
from loadtest.wire.outcome import outcome_name, shown
from loadtest.wire.request import STATUS_BITS, Request


class Example(Struct):
    """Something that went wrong: the request as a line for a shell, and what came."""

    what: str
    repeat: str
    answer: str


class Cell(Struct, array_like=True):
    """Service and response times of one kind and outcome."""

    kind: int
    code: int
    service: Pairs
    response: Pairs


class Counts(Struct):
    """What a recorder hands over."""

    cells: list[Cell] = field(default_factory=list)
    late: Pairs = field(default_factory=list)
    findings: dict[str, int] = field(default_factory=dict)
    examples: list[Example] = field(default_factory=list)
    sent: int = 0
    held: int = 0


class Recorder:
    """The running second; `take` hands it over and begins the next.

    The counting stands in line, twice, because a call for each would cost more than it does.
    """

    def __init__(self) -> None:
        self._times: dict[int, tuple[dict[int, int], dict[int, int]]] = {}
        self._late: dict[int, int] = defaultdict(int)
        self._findings: dict[str, int] = {}
        self._examples: list[Example] = []
        self._examples_seen: dict[str, int] = {}
        self.sent = 0
        self.held = 0

    def record(self, request: Request, code: int, due_ns: int, sent_ns: int, ended_ns: int) -> None:
        """Counts one outcome under its kind, with the time since sent and since due."""
        times = self._times.get(request.key + code)
        if times is None:
            times = self._times[request.key + code] = defaultdict(int), defaultdict(int)
        service, response = times
        us = (ended_ns - sent_ns) // 1000
        if us >= EXACT_BELOW_US:
            us = bucket_us(us)
        service[us] += 1
        us = (ended_ns - due_ns) // 1000
        if us >= EXACT_BELOW_US:
            us = bucket_us(us)
        response[us] += 1

    def record_sending(self, late_ns: int) -> None:
        """Counts one request sent, and how late this generator was with it."""
        self.sent += 1
        us = late_ns // 1000
        if us >= EXACT_BELOW_US:
            us = bucket_us(us)
        self._late[us] += 1

    def record_failure(self, request: Request, code: int, body: bytes) -> None:
        """Keeps an example of an outcome that load must not get."""
        self.keep_example(f"{request.kind.name}: {outcome_name(code)}", request, code, body)

    def find(self, what: str, request: Request, code: int, body: bytes) -> None:
        """Counts an answer that breaks the contract, under what is wrong with it."""
        self._findings[what] = self._findings.get(what, 0) + 1
        self.keep_example(what, request, code, body)

    def keep_example(self, what: str, request: Request, code: int, body: bytes) -> None:
        """Words are made of the first few only: a fault may come with every answer."""
        seen = self._examples_seen.get(what, 0)
        if seen < EXAMPLES_PER_FAILURE:
            self._examples_seen[what] = seen + 1
            answer = f"{outcome_name(code)} {shown(body)}".rstrip()
            self._examples.append(Example(what, curl_line(request.data), answer))

    def take(self) -> Counts:
        """Everything since the last take."""
        cells = [
            Cell(
                key >> STATUS_BITS, key & (1 << STATUS_BITS) - 1, _pairs(service), _pairs(response)
            )
            for key, (service, response) in self._times.items()
        ]
        taken = Counts(
            cells, _pairs(self._late), self._findings, self._examples, self.sent, self.held
        )
        self._times, self._late, self._findings, self._examples = {}, defaultdict(int), {}, []
        self.sent = self.held = 0
        return taken


def _pairs(counts: dict[int, int]) -> Pairs:
    return list(counts.items())
