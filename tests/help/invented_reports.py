"""Reports with random figures for each command and edition, as large and as long as they come."""

from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from typing import Any

from loadtest.crebitos.mix import CREDIT, DEBIT, EXTRATO
from loadtest.crebitos.mix import KINDS as LEDGER_KINDS
from loadtest.crebitos.official.verdict import official_part
from loadtest.crebitos.report import Cliente, CountedBreak, Counts, CrebitosReport
from loadtest.measure.health import generator_health, rate_of
from loadtest.measure.histogram import Histogram
from loadtest.measure.recorder import Counts as Counted
from loadtest.measure.recorder import Example, Times
from loadtest.measure.tally import Tally, WorkerSecond
from loadtest.measure.target.usage import Quota, Sample, Usage, Used
from loadtest.pessoas.mix import BARE, DETAIL, POST, SEARCH
from loadtest.pessoas.mix import KINDS as PEOPLE_KINDS
from loadtest.pessoas.official.verdict import official_part as people_part
from loadtest.pessoas.report import People, PessoasReport
from loadtest.report.data import Count, Load, Report, Rule, Verdict, load_of
from loadtest.report.judgement import load_notes
from loadtest.wire.outcome import Failure
from loadtest.wire.request import Kind

# Median latencies of a good, a slow and a hanging service.
SPEEDS_MS = {"fast": 0.4, "slow": 900.0, "hanging": 14_000.0}
SECONDS = 20
BABBLE = "500 <table>" + "x" * 900
LONG = "expected a balance that follows from what was acknowledged before, and nothing else at all"


def invented_load(kinds: Sequence[Kind], codes: dict[Kind, int], median_ms: float) -> Load:
    """Returns some seconds of answers with a heavy tail, and some requests without an answer."""
    drawn, tally = Random(1), Tally(kinds)
    for second in range(SECONDS):
        outcomes = []
        for kind, code in [*codes.items(), (next(iter(codes)), int(Failure.TIMEOUT))]:
            times = Histogram()
            for _ in range(60):
                times.add(int(drawn.lognormvariate(0, 0.6) * median_ms * 1000))
            outcomes.append(Times.of(kind, code, times, times))
        late = Histogram({drawn.randrange(20, 20_000): 100})
        counts = Counted(times=outcomes, late=late, sent=300, findings={"`saldo` is missing": 7})
        counts.examples = [Example("debits: 500", "curl -i http://x", BABBLE)][: second == 0]
        tally.add(WorkerSecond(second, second + 1.0, 0.2, 0.1, counts))
    load = load_of(tally, rate_of(tally, SECONDS * 300), [], generator_health(tally, 1))
    parts = {"haproxy": Used(0.1, 7_000_000, 0.0, 0), "postgres": Used(1.25, 1 << 31, 0.2, 9)}
    samples = [Sample(second + 0.5, parts) for second in range(SECONDS)]
    load.target_usage = Usage(samples, {"postgres": Quota(1.5)})
    return load


def broken_rules() -> list[Rule]:
    """Returns many rules, a third of them broken, as by an unfinished server."""
    return [
        Rule("bursts", f"client {n % 5 + 1}", f"{LONG[: n + 20]}", LONG, BABBLE, n % 3 > 0, n % 3,
             "curl -i " + "-H 'Accept: application/json' " * (n % 5))
        for n in range(40)
    ]  # fmt: skip


def clientes() -> list[Cliente]:
    breaks = [
        CountedBreak(name, 1_234, "a transaction of -9876 answered -99999, so it began at 1")
        for name in ("lost update", "applied twice", "statement rows in the wrong order")
    ]
    names = "explained", "not decided", "none exists"
    return [
        Cliente(n, 12_345, 7, -9_999_999, 9_999_999, "it differs", names[n % 3], breaks[: n % 4])
        for n in range(1, 6)
    ]


def reports_of(
    kind: Callable[..., Report], load: Callable[[], Load], found: dict[str, Any], **common: Any
) -> dict[str, Report]:
    """Returns a report of each command; `found` is what an official run found beside its load."""
    facts = {name: value for name, value in found.items() if name != "official"}
    by_gatling = load()
    by_gatling.generator = None
    return {
        "run": kind(command="run", load=load(), **facts, **common),
        "official": kind(command="official", load=load(), **found, **common),
        "check": kind(command="check", rules=broken_rules(), **common),
        "score": kind(command="score", load=by_gatling, **found, **common),
    }


def ledger_reports(median_ms: float) -> dict[str, Report]:
    codes = {DEBIT: 200, CREDIT: 500, EXTRATO: 200}
    load = partial(invented_load, LEDGER_KINDS, codes, median_ms)
    counts = Counts(total=61_503, ok_in_time=50_000, slow=1_500, ko=1_000, consistency=200)
    failed = {f"débitos: {LONG[:n]}": n * 100 for n in range(40, 60)}
    official = official_part(counts, failed, load().mix, {DEBIT: 2})
    found = {"official": official, "clientes": clientes()}
    common = {"target": "localhost:18080", "way": "open loop, 340 requests/s", "seed": 2**31}
    return reports_of(CrebitosReport, load, found, **common)


def people_reports(median_ms: float) -> dict[str, Report]:
    codes = {POST: 201, DETAIL: 200, SEARCH: 200, BARE: 400}
    load = partial(invented_load, PEOPLE_KINDS, codes, median_ms)
    wrong = [Count("a search misses a person whose stack is null, acknowledged before", 12_345)]
    people = People(46_587, 41_000, 1_385, 46_590, wrong)
    found = {"official": people_part(load(), {POST: 2}, rehearsal=True), "people": people}
    common = {"target": "localhost:18080", "way": "the official run", "seed": 7}
    return reports_of(PessoasReport, load, found, **common)


def invented_reports(speed: str) -> dict[str, Report]:
    """Returns a failed report for each edition and command, with long reasons."""
    made: dict[str, Report] = {}
    for edition, reports in (("crebitos", ledger_reports), ("pessoas", people_reports)):
        for command, report in reports(SPEEDS_MS[speed]).items():
            report.verdict = Verdict("fail", 1, [LONG, BABBLE, "x" * 200])
            report.notes = load_notes(report.load) if report.load is not None else []
            made[f"{edition}-{command}"] = report
    return made
