"""The rows of a league: one for each entry and machine, with the figures of its reports."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from msgspec import UNSET

from loadtest.league.entries import About, Entry, Saved
from loadtest.measure.machine import Machine
from loadtest.measure.target.usage import Usage
from loadtest.report.data import Load, Report, Rule, Score

State = Literal["pass", "fail", "invalid"]
# The worst of an entry's verdicts counts: a wrong answer is proof in any run.
WORST_FIRST: tuple[State, ...] = ("fail", "invalid", "pass")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One entry on one machine; a figure that no report has is None."""

    about: About
    edition: str
    machine: Machine | None
    saved: list[Saved]
    state: State
    rules: list[Rule]
    score: Score | None
    way: str
    p50_us: int | None = None
    p99_us: int | None = None
    max_us: int | None = None
    rate: float | None = None
    cpu_us_per_request: float | None = None
    memory_bytes: int | None = None

    @property
    def broken(self) -> int | None:
        return sum(not rule.passed for rule in self.rules) if self.rules else None

    @property
    def ended_at(self) -> str:
        return max(one.report.ended_at for one in self.saved)


def rows_of(entries: Sequence[Entry]) -> list[Row]:
    """Returns the rows, in the order of the entries."""
    rows = []
    for entry in entries:
        together: dict[tuple[str, Machine | None], list[Saved]] = {}
        for one in entry.saved:
            key = (edition_of(one.report), machine_of(one.report))
            together.setdefault(key, []).append(one)
        rows += [_row(entry.about, *key, saved) for key, saved in together.items()]
    return rows


def edition_of(report: Report) -> str:
    return str(type(report).__struct_config__.tag)


def machine_of(report: Report) -> Machine | None:
    return None if report.machine is UNSET else report.machine


def closed_loop(report: Report) -> Load | None:
    """Returns the load of a run at full speed, which alone shows what a target can answer."""
    load = report.load
    if report.command != "run" or load is None or load.interrupted:
        return None
    return load if load.rate.wanted is None and load.totals.answers else None


def _row(about: About, edition: str, machine: Machine | None, saved: list[Saved]) -> Row:
    newest = sorted((one.report for one in saved), key=lambda one: one.ended_at, reverse=True)
    asked = _first(newest, lambda one: bool(one.rules))
    full = _first(newest, lambda one: closed_loop(one) is not None)
    timed = (
        _first(newest, lambda one: one.score() is not None)
        or _first(newest, lambda one: _has_answers(one) and one is not full)
        or full
    )
    used = [one for one in (asked, timed, full) if one is not None] or newest
    states = {one.verdict.state for one in used}
    load = timed.load if timed is not None and _has_answers(timed) else None
    response = load.answered("response") if load is not None else None
    return Row(
        about=about,
        edition=edition,
        machine=machine,
        saved=sorted(saved, key=lambda one: str(one.path)),
        state=next(state for state in WORST_FIRST if state in states),
        rules=asked.rules if asked is not None else [],
        score=timed.score() if timed is not None else None,
        way=timed.way if timed is not None else "",
        p50_us=response.percentile(50.0) if response is not None else None,
        p99_us=response.percentile(99.0) if response is not None else None,
        max_us=response.max_us if response is not None else None,
        rate=full.load.rate.achieved if full is not None and full.load is not None else None,
        cpu_us_per_request=_cpu_us_per_request(load) if load is not None else None,
        memory_bytes=_memory_bytes(load.target_usage) if load is not None else None,
    )


def _first(reports: Sequence[Report], wanted: Callable[[Report], bool]) -> Report | None:
    return next((one for one in reports if wanted(one)), None)


def _has_answers(report: Report) -> bool:
    return report.load is not None and report.load.totals.answers > 0


def _cpu_us_per_request(load: Load) -> float | None:
    """Returns the CPU of all parts of the target, on average, for each request."""
    samples = load.target_usage.samples
    if not samples or not load.requests_per_s:
        return None
    cores = sum(part.cpu for sample in samples for part in sample.parts.values()) / len(samples)
    return cores / load.requests_per_s * 1e6


def _memory_bytes(usage: Usage) -> int | None:
    """Returns the most memory that all parts had at one time."""
    sums = [sum(part.memory_bytes for part in sample.parts.values()) for sample in usage.samples]
    return max(sums, default=None)
