"""The report as typed data, from which every page and table is made; an edition adds its parts."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from msgspec import Struct, field

from loadtest.measure.health import Generator, Rate
from loadtest.measure.histogram import Histogram, Pairs, merged
from loadtest.measure.recorder import Example
from loadtest.measure.tally import Second as TallySecond
from loadtest.measure.tally import Tally
from loadtest.measure.target.usage import Usage
from loadtest.report.table import Table
from loadtest.wire.outcome import STATUS_FIRST, outcome_name

SCHEMA_VERSION = 2
PERCENTS = (50.0, 90.0, 99.0, 99.9)  # what two runs are compared by

Clock = Literal["service", "response"]


class Totals(Struct):
    """All requests of a load."""

    sent: int
    done: int
    answers: int
    failures: int


class Times(Struct):
    """The requests of one type that ended alike."""

    kind: str
    code: int
    outcome: str
    fine: bool
    count: int
    service: Pairs
    response: Pairs


class Second(Struct):
    """One second of the time series; `slower` are the answers above each of PERCENTS of the run."""

    second: int
    answers: int
    failures: int
    p50_us: int
    p99_us: int
    max_us: int
    late_p99_us: int
    generator_cpu: float
    slower: list[int] = field(default_factory=list)


class Count(Struct):
    """Something wrong, and how often it was seen."""

    what: str
    count: int


class Load(Struct):
    """Everything counted while a load ran; without a generator of ours somebody else drove it."""

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
    # How long a load was to last, where that was said.
    planned_s: float | None = None


class Rule(Struct):
    """One rule of a contract, for whom it was asked, what was expected and what came; `repeat`
    asks it again in a shell. Of broken rules those of less weight are shown first.
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


class Verdict(Struct):
    """Pass, fail or invalid, with every reason in words."""

    state: Literal["pass", "fail", "invalid"]
    exit_code: int
    reasons: list[str]


class Report(Struct, tag_field="edition", kw_only=True):
    """What every edition reports; its own parts stand in a class of its own, with their tables."""

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

    def summary(self) -> str:
        """The edition's verdict in a few words, where it has one."""
        return ""

    def troubles(self) -> list[str]:
        """What the edition found wrong beyond single answers."""
        return []

    def explains_findings(self) -> bool:
        """Whether single answers are wrong because of what the edition found."""
        return False

    def tables(self) -> Sequence[Table]:
        """The edition's parts, the most important first."""
        return []


def moment_text(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


class Boundary(NamedTuple):
    """A percentile of the run, and which share of the answers that took just so long lies above."""

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
    """The load as data, out of what was counted."""
    answered = tally.answered()
    boundaries = [boundary_of(answered.response, percent) for percent in PERCENTS]
    return Load(
        totals=Totals(tally.sent, tally.done, answered.service.total, tally.failed),
        mix={
            kind.name: tally.count(lambda got, _code, wanted=kind: got == wanted)  # type: ignore[misc]
            for kind in tally.kinds
        },
        rate=rate,
        generator=generator,
        invalid=invalid,
        times=_times(tally),
        seconds=[
            _second(number, tally.seconds[number], boundaries) for number in sorted(tally.seconds)
        ],
        findings=[Count(what, count) for what, count in sorted(tally.findings.items())],
        examples=tally.examples,
        crashes=tally.crashes,
    )


def _times(tally: Tally) -> list[Times]:
    return [
        Times(
            kind.name, code, outcome_name(code), code in kind.fine,
            times.service.total, times.service.to_pairs(), times.response.to_pairs(),
        )
        for kind, code, times in tally.outcomes()
    ]  # fmt: skip


def _second(number: int, second: TallySecond, boundaries: Sequence[Boundary]) -> Second:
    slower = [_beyond(second.response, boundary) for boundary in boundaries]
    p50_us, p99_us = second.response.percentiles((50.0, 99.0))
    latencies_us = (p50_us, p99_us, second.response.max_us, second.late.percentile(99.0))
    cpu = round(second.cpu_s - second.spun_s, 4)
    return Second(number, second.answers, second.failures, *latencies_us, cpu, slower)


def histogram_of(load: Load, clock: Clock, kind: str | None = None) -> Histogram:
    """The merged times of all answers, by `service` or `response`; of one kind when named."""
    return merged(
        Histogram.from_pairs(times.service if clock == "service" else times.response)
        for times in load.times
        if times.code >= STATUS_FIRST and kind in {None, times.kind}
    )


def broken_rules(rules: Sequence[Rule]) -> list[list[Rule]]:
    """What weighs most first, the same rule for others beside it; else in the order of asking."""
    broken: dict[tuple[str, str], list[Rule]] = {}
    for rule in sorted(rules, key=lambda rule: rule.weight):
        if not rule.passed:
            broken.setdefault((rule.group, rule.rule), []).append(rule)
    return list(broken.values())
