"""The report as typed data, the source of every page and table; editions add their parts."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from msgspec import UNSET, Struct, UnsetType, field

from loadtest.measure.health import Generator, Rate
from loadtest.measure.histogram import Histogram
from loadtest.measure.machine import Machine
from loadtest.measure.recorder import Example, Times
from loadtest.measure.tally import Clock, SecondCounts, Tally, Traffic, answered
from loadtest.measure.target.usage import Usage
from loadtest.report.arena import Arena
from loadtest.report.table import Table

SCHEMA_VERSION = 2
PERCENTS = (50.0, 90.0, 99.0, 99.9)  # the percentiles by which two runs are compared


class Totals(Struct):
    """All requests of a load."""

    sent: int
    done: int
    answers: int
    failures: int


class Second(Struct):
    """One second of the time series; `slower` counts answers above each of the run's PERCENTS."""

    second: int
    answers: int
    failures: int
    p50_us: int
    p99_us: int
    max_us: int
    late_p99_us: int
    generator_cpu: float
    slower: list[int] = field(default_factory=list)


class Throughput(Traffic):
    """Bytes of HTTP that a load sent and received, and how many of them in a second."""

    sent_bytes_per_s: float = 0.0
    received_bytes_per_s: float = 0.0


class Count(Struct):
    """A fault, and how often it was seen."""

    what: str
    count: int


class Load(Struct):
    """All counts of a load; `generator` is None if another program drove it."""

    totals: Totals
    mix: dict[str, int]
    rate: Rate
    generator: Generator | None
    invalid: list[str]
    times: list[Times]
    seconds: list[Second]
    findings: list[Count]
    examples: list[Example]
    crashes: list[str]
    target_usage: Usage = field(default_factory=Usage)
    interrupted: bool = False
    # The planned duration, if there was one.
    planned_s: float | None = None
    # Earlier versions did not write these; Gatling's log does not tell bytes.
    throughput: Throughput | UnsetType = UNSET
    # Figures by clock, and of the response times by type, for readers that take no histograms.
    latency_us: dict[str, dict[str, int]] | UnsetType = UNSET

    @property
    def requests_per_s(self) -> float:
        """Requests per second up to the last answer: the time in which the target is sampled."""
        return self.totals.sent / self.rate.elapsed_s if self.rate.elapsed_s else 0.0

    def answered(self, clock: Clock, kind: str | None = None) -> Histogram:
        """Returns the times of the answers by one clock, of one kind or of all."""
        return answered(self.times, clock, kind)


class Rule(Struct):
    """The result of one rule of a contract; `repeat` asks it again in a shell.

    `whose` tells for whom it was asked. Broken rules of less weight are shown first.
    """

    group: str
    whose: str
    rule: str
    expected: str
    answer: str
    passed: bool
    weight: int
    repeat: str

    @property
    def name(self) -> str:
        return f"{self.group}{', ' if self.whose else ''}{self.whose}: {self.rule}"


class Check(NamedTuple):
    """A check with its result, in words; `repeat` asks it again in a shell."""

    name: str
    expected: str
    got: str
    passed: bool
    repeat: str = ""


class HeldThreshold(Struct):
    """A threshold of the user; `reason` says why it does not hold, and is empty if it does."""

    threshold: str
    reason: str = ""


class Verdict(Struct):
    """Pass, fail or invalid, with every reason in words."""

    state: Literal["pass", "fail", "invalid"]
    exit_code: int
    reasons: list[str]


class Score(NamedTuple):
    """A contest's own score: the name of what it counts, the count, and the count as text."""

    name: str
    value: float
    text: str


class Report(Struct, tag_field="edition", kw_only=True):
    """The part of a report that all editions share; each edition adds its own in a subclass."""

    schema: int = SCHEMA_VERSION
    command: str
    way: str
    target: str
    ended_at: str = field(default_factory=lambda: moment_text(datetime.now(UTC)))
    seed: int | None = None
    verdict: Verdict = field(default_factory=lambda: Verdict("pass", 0, []))
    notes: list[str] = field(default_factory=list)
    load: Load | None = None
    rules: list[Rule] = field(default_factory=list)
    # The generator's machine. Reports of earlier versions do not name it, nor does Gatling's log.
    machine: Machine | UnsetType = UNSET
    # Only if the judge started the entry from its compose file.
    arena: Arena | UnsetType = UNSET
    # Those of the user, if there were any.
    thresholds: list[HeldThreshold] | UnsetType = UNSET

    def score(self) -> Score | None:
        """Returns the score of an official run."""
        return None

    def summary(self) -> str:
        """Returns the edition's verdict in a few words, or an empty string."""
        return ""

    def faults(self) -> list[str]:
        """Returns the edition's findings beyond single answers."""
        return []

    def explains_findings(self) -> bool:
        """Returns whether the edition's findings explain the wrong single answers."""
        return False

    def checks(self) -> list[Check]:
        """Returns the edition's checks of an official run, and of the data after a load."""
        return []

    def tables(self) -> Sequence[Table]:
        """Returns the edition's tables, the most important first."""
        return []

    def every_table(self) -> Sequence[Table]:
        return [*self.tables(), *(self.arena.tables() if self.arena is not UNSET else ())]


def moment_text(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


class Boundary(NamedTuple):
    """A percentile of the run; `share` of the answers with exactly this time count as above it."""

    us: int
    share: float


def boundary_of(times: Histogram, percent: float) -> Boundary:
    us = times.percentile(percent)
    beyond = times.count_at_least(us + 1)
    wanted = times.total * (1 - percent / 100)
    return Boundary(us, min(max((wanted - beyond) / max(times.counts.get(us, 0), 1), 0.0), 1.0))


def _beyond(times: Histogram, boundary: Boundary) -> int:
    return times.count_at_least(boundary.us + 1) + round(
        times.counts.get(boundary.us, 0) * boundary.share
    )


def load_of(
    tally: Tally, rate: Rate, invalid: list[str], generator: Generator | None = None
) -> Load:
    """Returns a tally as the data of a report."""
    response, outcomes = tally.answered("response"), tally.outcomes()
    mix = {
        kind.name: sum(times.count for times in outcomes if times.kind == kind.name)
        for kind in tally.kinds
    }
    boundaries = [boundary_of(response, percent) for percent in PERCENTS]
    return Load(
        totals=Totals(tally.sent, tally.done, response.total, tally.failed),
        mix=mix,
        rate=rate,
        generator=generator,
        invalid=invalid,
        times=outcomes,
        seconds=[
            _second(number, tally.seconds[number], boundaries) for number in sorted(tally.seconds)
        ],
        findings=[Count(what, count) for what, count in sorted(tally.findings.items())],
        examples=tally.examples,
        crashes=tally.crashes,
        throughput=_throughput(tally.traffic, rate.elapsed_s),
        latency_us={
            "response": response.figures_us(),
            "service": tally.answered("service").figures_us(),
            **{
                kind: tally.answered("response", kind).figures_us()
                for kind, count in mix.items()
                if count
            },
        },
    )


def _throughput(traffic: Traffic | None, elapsed_s: float) -> Throughput | UnsetType:
    if traffic is None:
        return UNSET
    sizes = traffic.sent_bytes, traffic.received_bytes
    return Throughput(*sizes, *(round(size / elapsed_s, 1) if elapsed_s else 0.0 for size in sizes))


def _second(number: int, second: SecondCounts, boundaries: Sequence[Boundary]) -> Second:
    slower = [_beyond(second.response, boundary) for boundary in boundaries]
    p50_us, p99_us = second.response.percentiles((50.0, 99.0))
    latencies_us = (p50_us, p99_us, second.response.max_us, second.late.percentile(99.0))
    cpu = round(second.cpu_s - second.spun_s, 4)
    return Second(number, second.answers, second.failures, *latencies_us, cpu, slower)


def broken_rules(rules: Sequence[Rule]) -> list[list[Rule]]:
    """Groups broken rules of the same name, the lowest weight first, else as they were asked."""
    broken: dict[tuple[str, str], list[Rule]] = {}
    for rule in sorted(rules, key=lambda rule: rule.weight):
        if not rule.passed:
            broken.setdefault((rule.group, rule.rule), []).append(rule)
    return list(broken.values())
