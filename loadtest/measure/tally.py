"""Adds up the workers' counts: per kind and outcome, and per second."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from msgspec import Struct

from loadtest.measure.histogram import Histogram
from loadtest.measure.recorder import Counts, Example, Times
from loadtest.wire.outcome import STATUS_FIRST
from loadtest.wire.request import Kind

Clock = Literal["service", "response"]


class WorkerSecond(Struct, tag=True):
    """One second of one worker: its counts and its CPU time."""

    second: int
    elapsed_s: float
    cpu_s: float
    spun_s: float
    counts: Counts
    sent_bytes: int = 0
    received_bytes: int = 0
    held_until_s: float = 0.0


class Crash(Struct, tag=True):
    """The traceback of a worker that failed."""

    trace: str


class Traffic(Struct):
    """Bytes of HTTP, heads and bodies, that a load sent and received."""

    sent_bytes: int = 0
    received_bytes: int = 0


@dataclass(slots=True)
class SecondCounts:
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
    times: dict[tuple[str, int], Times] = field(default_factory=dict)
    seconds: dict[int, SecondCounts] = field(default_factory=dict)
    late: Histogram = field(default_factory=Histogram)
    findings: Counter[str] = field(default_factory=Counter)
    examples: list[Example] = field(default_factory=list)
    sent: int = 0
    held: int = 0
    held_until_s: float = 0.0
    elapsed_s: float = 0.0
    crashes: list[str] = field(default_factory=list)
    # Bytes of HTTP; None if the program that drove the load does not tell.
    traffic: Traffic | None = None

    def add(self, message: WorkerSecond | Crash) -> None:
        if isinstance(message, Crash):
            self.crashes.append(message.trace)
            return
        counts = message.counts
        second = self.seconds.setdefault(message.second, SecondCounts())
        self.elapsed_s = max(self.elapsed_s, message.elapsed_s)
        second.cpu_s += message.cpu_s
        second.spun_s += message.spun_s
        second.late.merge(counts.late)
        self.late.merge(counts.late)
        self.traffic = self.traffic or Traffic()
        self.traffic.sent_bytes += message.sent_bytes
        self.traffic.received_bytes += message.received_bytes
        self.sent += counts.sent
        self.held += counts.held
        self.held_until_s = max(self.held_until_s, message.held_until_s)
        self.findings.update(counts.findings)
        self.examples += counts.examples
        for times in counts.times:
            self.add_times(second, times)

    def add_times(self, second: SecondCounts, times: Times) -> None:
        key = times.kind, times.code
        if key not in self.times:
            self.times[key] = Times(*key, times.outcome, times.fine)
        self.times[key].merge(times)
        if times.code >= STATUS_FIRST:
            second.answers += times.count
            second.response.merge(times.response)
        if not times.fine:
            second.failures += times.count

    def outcomes(self) -> list[Times]:
        """Returns the times of each outcome, in the edition's order of kinds."""
        order = [kind.name for kind in self.kinds]
        return sorted(self.times.values(), key=lambda one: (order.index(one.kind), one.code))

    def count(self, wanted: Callable[[Times], bool]) -> int:
        """Returns the number of requests with a wanted outcome."""
        return sum(times.count for times in self.times.values() if wanted(times))

    def answered(self, clock: Clock, kind: str | None = None) -> Histogram:
        """Returns the times of the answers by one clock, of one kind or of all."""
        return answered(self.times.values(), clock, kind)

    @property
    def done(self) -> int:
        return self.count(lambda _: True)

    @property
    def failed(self) -> int:
        return self.count(lambda times: not times.fine)

    @property
    def wrong(self) -> int:
        """Number of findings: breaches of the contract in answers."""
        return self.findings.total()

    @property
    def cpu_s(self) -> float:
        return sum(second.cpu_s for second in self.seconds.values())

    @property
    def spun_s(self) -> float:
        return sum(second.spun_s for second in self.seconds.values())


def answered(outcomes: Iterable[Times], clock: Clock, kind: str | None = None) -> Histogram:
    """Returns the merged times of all answers by one clock; of one kind if named."""
    whole = Histogram()
    for times in outcomes:
        if times.code >= STATUS_FIRST and kind in {None, times.kind}:
            whole.merge(times.service if clock == "service" else times.response)
    return whole
