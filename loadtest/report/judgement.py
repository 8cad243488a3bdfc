"""Judges the figures of a report: pass, fail or invalid, with every reason in words."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from loadtest.limits import GENERATOR_BUSY_MAX, TAIL_NOTED_MEDIANS
from loadtest.report.data import HeldThreshold, Load, Report, Verdict, broken_rules
from loadtest.report.thresholds import Threshold, broken_thresholds
from loadtest.wire.outcome import OWN_FAILURES, STATUS_FIRST

EXIT_FINE = 0
EXIT_BAD = 1
EXIT_USAGE = 2
EXIT_UNREACHABLE = 3
EXIT_INVALID = 4
EXIT_STOPPED = 130  # the code that shells give after Ctrl-C


class Line(NamedTuple):
    """An edition's threshold of a slow answer, and the percentage that may be slow."""

    slow_ms: int
    share_max: int


def wrong_answers(report: Report) -> list[str]:
    """Returns every reason why the service is wrong, apart from its speed."""
    findings = report.load.findings if report.load is not None else []
    rules = [
        f"{rule.name}: expected {rule.expected}, got {rule.answer}"
        for alike in broken_rules(report.rules)
        for rule in alike
    ]
    counted = [f"{found.what}: {found.count} answers" for found in findings]
    if report.explains_findings():
        return report.faults() + counted + rules
    return counted + report.faults() + rules


def failed_requests(load: Load) -> list[str]:
    """Returns the outcomes that load must not have, without the generator's own failures."""
    return [
        f"{times.count} {times.kind}: "
        f"{'status ' if times.code >= STATUS_FIRST else ''}{times.outcome}"
        for times in load.times
        if not times.fine and times.code not in OWN_FAILURES
    ]


def counts_text(counts: Mapping[str, int]) -> str:
    """Returns each count with its name, as one text."""
    return ", ".join(f"{count:,} {what}" for what, count in counts.items())


def not_complete(sent: Mapping[str, int], expected: Mapping[str, int]) -> str:
    return f"not complete: {counts_text(sent)}; expected {counts_text(expected)}"


def slow_answers(load: Load, line: Line) -> list[str]:
    response = load.answered("response")
    slow = response.count_at_least(line.slow_ms * 1000)
    share = 100 * slow / response.total if response.total else 0.0
    if share <= line.share_max:
        return []
    return [
        f"slow: {share:.2f}% of the answers took {line.slow_ms} ms or more, "
        f"the official line is {line.share_max}%"
    ]


def slowness_is_proved(load: Load, line: Line) -> bool:
    """Returns whether the generator had time, and was late by at most a tenth of the threshold."""
    generator, line_us = load.generator, line.slow_ms * 1000
    if generator is None:
        return False
    return generator.busy <= GENERATOR_BUSY_MAX and generator.late_p99_us <= line_us / 10


def load_notes(load: Load) -> list[str]:
    """Returns notes that do not change the verdict."""
    notes = []
    if load.interrupted:
        notes.append("stopped early: the figures are of the part that was driven")
    response = load.answered("response")
    p50_us, p99_us, p999_us = response.percentiles((50.0, 99.0, 99.9))
    for name, tail_us in (("p99", p99_us), ("p99.9", p999_us)):
        times = tail_us / max(p50_us, 1)
        if times > TAIL_NOTED_MEDIANS and tail_us > 10_000:
            notes.append(
                f"slow tail: {name} is {tail_us / 1000:.1f} ms, {times:.0f} times the median"
            )
            break
    if load.generator is not None and load.generator.held:
        notes.append(
            f"{load.generator.held:,} requests had to wait for a free connection: every one "
            f"allowed was taken; the wait is in their response time"
        )
    return notes


def judge_load(report: Report, load: Load, line: Line, thresholds: list[Threshold]) -> Verdict:
    """Returns the verdict on a load that is not the official run."""
    wrong, slow = wrong_answers(report) + failed_requests(load), slow_answers(load, line)
    if slowness_is_proved(load, line):
        wrong, slow = wrong + slow, []
    report.verdict = verdict(wrong, slow, load.invalid)
    judge_thresholds(report, thresholds)
    return report.verdict


def judge_thresholds(report: Report, thresholds: Sequence[Threshold]) -> None:
    """Records the thresholds in the report of a load; a broken one fails a run that passed."""
    load = report.load
    if load is None or not thresholds:
        return
    held = [HeldThreshold(str(one), "".join(broken_thresholds(load, [one]))) for one in thresholds]
    report.thresholds = held
    reasons = report.verdict.reasons + [one.reason for one in held if one.reason]
    if report.verdict.state == "pass":
        report.verdict = verdict(reasons, [], [])
    else:
        # Slowness proves nothing in a run that is not fit to judge by.
        report.verdict.reasons = reasons


def verdict(wrong: list[str], slow: list[str], invalid: list[str]) -> Verdict:
    """Returns the verdict: a wrong answer fails any run, slowness only a valid one."""
    reasons = wrong + slow + invalid
    if wrong or (slow and not invalid):
        return Verdict("fail", EXIT_BAD, reasons)
    if invalid:
        return Verdict("invalid", EXIT_INVALID, reasons)
    return Verdict("pass", EXIT_FINE, reasons)
