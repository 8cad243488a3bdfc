"""The head of a report: the verdict, the arena's own score, and what is wrong beyond it."""

from typing import NamedTuple

from msgspec import UNSET

from loadtest.limits import CELL_CHARACTERS_MAX
from loadtest.report.data import Load, Report, broken_rules
from loadtest.report.judgement import failed_requests, wrong_answers
from loadtest.wire.outcome import one_line

SCORE, BEYOND, UNFIT = "in the arena's score", "beyond the arena's score", "of the run itself"


class Reasons(NamedTuple):
    """Reasons of one kind, under their title; without a title there is only one kind."""

    title: str
    texts: list[str]


def headline(report: Report) -> str:
    """Returns the verdict in one line: the contest's own score, then what is wrong beyond it."""
    state, load, summary = report.verdict.state.upper(), report.load, report.summary()
    head = f"{state}{_stopped(load)}"
    if state == "INVALID":
        return f"{head}: the generator or the run was not fit to judge by"
    if summary and state == "PASS":
        return f"{head}: {summary}; nothing wrong was found beyond that"
    if summary:
        return f"{head}: {_apart(report, summary)}"
    if state == "FAIL":
        return f"{head}: {_wrong(report, report.verdict.reasons)}"
    if load is None:
        return f"{head}: all {len(report.rules)} rules hold"
    return f"{head}: {load.totals.done:,} requests, {load.totals.failures:,} failed"


def reasons(report: Report) -> list[Reasons]:
    """Returns the reasons of the verdict, those of the score apart from those beyond it."""
    texts = report.verdict.reasons
    if not report.summary():
        return [Reasons("", texts)] if texts else []
    beyond, unfit = _beyond(report), report.load.invalid if report.load is not None else []
    kinds = {SCORE: [], BEYOND: beyond, UNFIT: [one for one in texts if one in unfit]}
    kinds[SCORE] = [one for one in texts if one not in beyond and one not in unfit]
    return [Reasons(title, listed) for title, listed in kinds.items() if listed]


def _beyond(report: Report) -> list[str]:
    """Returns the reasons that the contest's own score does not know."""
    known = set(wrong_answers(report))
    if report.load is not None:
        known |= set(failed_requests(report.load))
    if report.arena is not UNSET:
        known |= set(report.arena.faults)
    return [one for one in report.verdict.reasons if one in known]


def _apart(report: Report, summary: str) -> str:
    """Returns the score with its first reason, and then what is wrong beyond it."""
    listed = {one.title: one.texts for one in reasons(report)}
    text, beyond = summary, listed.get(BEYOND, [])
    if SCORE in listed:
        text += f", because {_short(listed[SCORE][0])}"
    if beyond or broken_rules(report.rules):
        return f"{text}. Beyond that, {_wrong(report, beyond)}"
    return f"{text}. Nothing wrong was found beyond that"


def _stopped(load: Load | None) -> str:
    if load is None or not load.interrupted:
        return ""
    whole = f" of {load.planned_s:.0f}" if load.planned_s else ""
    return f", stopped after {load.rate.elapsed_s:.0f}{whole} s"


def _wrong(report: Report, texts: list[str]) -> str:
    """Returns the first reason and the number of others, or the number of broken rules."""
    broken = broken_rules(report.rules)
    count = sum(map(len, broken))
    if broken and len(texts) <= count:
        return f"{count} of {len(report.rules)} rules are broken, first of all: {broken[0][0].name}"
    if not texts:
        return "no reason is known"
    more = f", and {len(texts) - 1} more" if len(texts) > 1 else ""
    return f"{_short(texts[0])}{more}"


def _short(text: str) -> str:
    text = one_line(text)
    return text if len(text) <= CELL_CHARACTERS_MAX else f"{text[: CELL_CHARACTERS_MAX - 1]}…"
