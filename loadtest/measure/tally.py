"""Adds up the workers' counts: per kind and outcome, and per second."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from msgspec import Struct

from loadtest.measure.histogram import Histogram, Pairs, merged
from loadtest.measure.recorder import Counts, Example
from loadtest.wire.outcome import STATUS_FIRST
from loadtest.wire.request import Kind


class WorkerSecond(Struct, tag=True):
    """One second of one worker: its counts and its CPU time."""

    second: int
    elapsed_s: float
    cpu_s: float
    spun_s: float
    counts: Counts


class Crash(Struct, tag=True):
    """The traceback of a worker that failed."""

    trace: str


@dataclass(slots=True)
class Times:
    """Service time: from sending to the answer. Response time: from when it was due."""

    service: Histogram = field(default_factory=Histogram)
    response: Histogram = field(default_factory=Histogram)


@dataclass(slots=True)
class Second:
    """One second of the run, all workers together."""

    answers: int = 0
    failures: int = 0
    response: Histogram = field(default_factory=Histogram)
    late: Histogram = field(default_factory=Histogram)
    cpu_s: float = 0.0
    spun_s: float = 0.0


@dataclass(slots=True)
class Tally:
    """All counts so far, for the kinds of request that an edition lists."""

    kinds: Sequence[Kind]
    times: dict[tuple[Kind, int], Times] = field(default_factory=dict)
    seconds: dict[int, Second] = field(default_factory=dict)
    late: Histogram = field(default_factory=Histogram)
    findings: dict[str, int] = field(default_factory=dict)
    examples: list[Example] = field(default_factory=list)
    sent: int = 0
    held: int = 0
    elapsed_s: float = 0.0
    crashes: list[str] = field(default_factory=list)

    def add(self, message: WorkerSecond | Crash) -> None:
        if isinstance(message, Crash):
            self.crashes.append(message.trace)
            return
        counts, kinds = message.counts, {kind.number: kind for kind in self.kinds}
        second = self.seconds.setdefault(message.second, Second())
        self.elapsed_s = max(self.elapsed_s, message.elapsed_s)
        second.cpu_s += message.cpu_s
        second.spun_s += message.spun_s
        late = Histogram.from_pairs(counts.late)
        second.late.merge(late)
        self.late.merge(late)
        self.sent += counts.sent
        self.held += counts.held
        for what, count in counts.findings.items():
            self.findings[what] = self.findings.get(what, 0) + count
        self.examples += counts.examples
        for cell in counts.cells:
            self.add_times(second, kinds[cell.kind], cell.code, cell.service, cell.response)

    def add_times(
        self, second: Second, kind: Kind, code: int, service: Pairs, response: Pairs
    ) -> None:
        times = self.times.setdefault((kind, code), Times())
        answered = Histogram.from_pairs(response)
        times.service.merge(Histogram.from_pairs(service))
        times.response.merge(answered)
        if code >= STATUS_FIRST:
            second.answers += answered.total
            second.response.merge(answered)
        if code not in kind.fine:
            second.failures += answered.total

    def outcomes(self) -> Iterator[tuple[Kind, int, Times]]:
        """Yields kind, code and times, in the edition's order of kinds."""
        for wanted in self.kinds:
            for (kind, code), times in sorted(self.times.items(), key=lambda item: item[0][1]):
                if kind == wanted:
                    yield kind, code, times

    def count(self, wanted: Callable[[Kind, int], bool]) -> int:
        """Returns the number of requests whose outcome satisfies wanted(kind, code)."""
        return sum(times.service.total for key, times in self.times.items() if wanted(*key))

    def answered(self, of: Kind | None = None) -> Times:
        """Returns the times of the answers, of one kind or of all."""
        chosen = [
            times
            for (kind, code), times in self.times.items()
            if code >= STATUS_FIRST and of in {None, kind}
        ]
        return Times(
            merged(times.service for times in chosen), merged(times.response for times in chosen)
        )

    @property
    def done(self) -> int:
        return self.count(lambda _kind, _code: True)

    @property
    def failed(self) -> int:
        return self.count(lambda kind, code: code not in kind.fine)

    @property
    def wrong(self) -> int:
        """Number of findings: breaches of the contract in answers."""
        return sum(self.findings.values())

    @property
    def cpu_s(self) -> float:
        return sum(second.cpu_s for second in self.seconds.values())

    @property
    def spun_s(self) -> float:
        return sum(second.spun_s for second in self.seconds.values())
