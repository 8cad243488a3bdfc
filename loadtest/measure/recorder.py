"""Counters of a worker, which hands them over second by second while the load runs."""

from collections import Counter, defaultdict
from typing import Self

from msgspec import Struct, field

from loadtest.limits import EXAMPLES_PER_FAILURE
from loadtest.measure.histogram import EXACT_BELOW_US, Histogram, bucket_us
from loadtest.wire.curl import curl_line
from loadtest.wire.outcome import outcome_name, shown
from loadtest.wire.request import STATUS_BITS, Address, Kind, Request


class Example(Struct):
    """An example of a failure: the request as a line for a shell, and the answer."""

    what: str
    repeat: str
    answer: str


class Times(Struct):
    """Requests of one type with the same outcome.

    Service time runs from sending to the answer, response time from when the request was due.
    """

    kind: str
    code: int
    outcome: str
    fine: bool
    count: int = 0
    service: Histogram = field(default_factory=Histogram)
    response: Histogram = field(default_factory=Histogram)

    @classmethod
    def of(cls, kind: Kind, code: int, service: Histogram, response: Histogram) -> Self:
        named = kind.name, code, outcome_name(code), code in kind.fine
        return cls(*named, service.total, service, response)

    def merge(self, other: "Times") -> None:
        self.count += other.count
        self.service.merge(other.service)
        self.response.merge(other.response)


class Counts(Struct):
    """The counts that a recorder hands over."""

    times: list[Times] = field(default_factory=list)
    late: Histogram = field(default_factory=Histogram)
    findings: dict[str, int] = field(default_factory=dict)
    examples: list[Example] = field(default_factory=list)
    sent: int = 0
    held: int = 0


class Recorder:
    """Counts of the current second; `take` hands them over and begins the next.

    The counting is inlined: a call for each value would cost more than the counting.
    """

    def __init__(self, target: Address) -> None:
        self._target = target
        self._times: dict[int, tuple[dict[int, int], dict[int, int]]] = {}
        self._kinds: dict[int, Kind] = {}
        self._late: dict[int, int] = defaultdict(int)
        self._findings: Counter[str] = Counter()
        self._examples: list[Example] = []
        self._examples_seen: Counter[str] = Counter()
        self.sent = 0
        self.held = 0

    def record(self, request: Request, code: int, due_ns: int, sent_ns: int, ended_ns: int) -> None:
        """Counts one outcome under its kind, with its service and response time."""
        times = self._times.get(request.key + code)
        if times is None:
            times = self._times[request.key + code] = defaultdict(int), defaultdict(int)
            self._kinds[request.kind.number] = request.kind
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
        """Counts one request sent, and how late the generator sent it."""
        self.sent += 1
        us = late_ns // 1000
        if us >= EXACT_BELOW_US:
            us = bucket_us(us)
        self._late[us] += 1

    def find(self, what: str, request: Request, code: int, body: bytes) -> None:
        """Counts an answer that breaks the contract, by the rule that it breaks."""
        self._findings[what] += 1
        self.keep_example(what, request, code, body)

    def keep_example(self, what: str, request: Request, code: int, body: bytes) -> None:
        """Keeps the first few examples of each failure: every answer may have the same fault."""
        if self._examples_seen[what] < EXAMPLES_PER_FAILURE:
            self._examples_seen[what] += 1
            answer = f"{outcome_name(code)} {shown(body)}".rstrip()
            self._examples.append(Example(what, curl_line(self._target, request.data), answer))

    def take(self) -> Counts:
        """Returns all counts since the last call, and resets them."""
        times = []
        for key, (service, response) in self._times.items():
            kind, code = self._kinds[key >> STATUS_BITS], key & (1 << STATUS_BITS) - 1
            times.append(Times.of(kind, code, Histogram(service), Histogram(response)))
        late = Histogram(self._late)
        taken = Counts(times, late, self._findings, self._examples, self.sent, self.held)
        self._times, self._late, self._findings, self._examples = (
            {},
            defaultdict(int),
            Counter(),
            [],
        )
        self.sent = self.held = 0
        return taken
