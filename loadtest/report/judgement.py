"""From a report's figures to pass, fail or invalid, with every reason in words."""

from typing import Any

from loadtest.limits import GENERATOR_BUSY_MAX, SLA_PERCENT, SLOW_MS, TAIL_WORTH_A_WORD
from loadtest.report.data import Report, histogram_of
from loadtest.report.thresholds import Threshold, broken_thresholds
from loadtest.wire.outcome import OWN_FAILURES

EXIT_FINE = 0
EXIT_BAD = 1
EXIT_USAGE = 2
EXIT_UNREACHABLE = 3
EXIT_INVALID = 4

SLOW_SHARE_MAX = 100 - SLA_PERCENT
FAILED_CHECKS_NAMED = 5


def wrong_answers(report: Report) -> list[str]:
    """Every reason to say that the service is wrong, whatever its speed."""
    reasons = [f"{found['what']}: {found['count']} answers" for found in report["findings"]]
    for client in report.get("clients", []):
        name = f"client {client['cliente']}"
        for broken in client["breaks"]:
            reasons.append(f"{broken['name']} ({name}, {broken['count']} times): {broken['text']}")
        if client["trouble"]:
            reasons.append(f"{name}: {client['trouble']}")
    failed_rules = [row for row in report.get("conformance", []) if not row["passed"]]
    reasons += [
        f"{row['group']}: {row['rule']}: expected {row['expected']}, got {row['answer']}"
        for row in failed_rules
    ]
    return reasons


def failed_requests(report: Report) -> list[str]:
    """Outcomes that load must not have, unless the generator is to blame."""
    return [
        f"{times['count']} {times['kind']}: {_outcome(times)}"
        for times in report["times"]
        if not times["fine"] and times["kind"] != "checks" and times["code"] not in OWN_FAILURES
    ]


def _outcome(times: dict[str, Any]) -> str:
    return f"status {times['outcome']}" if times["code"] >= 100 else str(times["outcome"])


def slow_answers(report: Report) -> list[str]:
    """The official line: at most 2% of the answers may take 250 ms or more."""
    response = histogram_of(report, "response")
    slow = response.count_at_least(SLOW_MS * 1000)
    share = 100 * slow / response.total if response.total else 0.0
    if share <= SLOW_SHARE_MAX:
        return []
    return [
        f"slow: {share:.2f}% of the answers took {SLOW_MS} ms or more, "
        f"the official line is {SLOW_SHARE_MAX}%"
    ]


def fined(report: Report) -> list[str]:
    """Why the official run is not paid in full."""
    official = report["official"]
    if official["paid_usd"] == "100000.00":
        return []
    failed = [f"{one['what']}: {one['count']} answers" for one in official["failed_checks"]]
    paid = f"paid USD {official['paid_usd']} of 100000.00"
    return [*failed[:FAILED_CHECKS_NAMED], *slow_answers(report), paid]


def slowness_is_proved(report: Report) -> bool:
    """A generator that is a tenth of the line late, and not busy, cannot make answers slow."""
    generator = report["generator"]
    late_us, line_us = generator["late_p99_us"], SLOW_MS * 1000
    return bool(generator["busy"] <= GENERATOR_BUSY_MAX and late_us <= line_us / 10)


def tail_notes(report: Report) -> list[str]:
    """A tail far from the median, said without a verdict."""
    response = histogram_of(report, "response")
    p50_us, p99_us, p999_us = response.percentiles((50.0, 99.0, 99.9))
    for name, tail_us in (("p99", p99_us), ("p99.9", p999_us)):
        if tail_us > TAIL_WORTH_A_WORD * max(p50_us, 1) and tail_us > 10_000:
            times = tail_us / max(p50_us, 1)
            return [f"slow tail: {name} is {tail_us / 1000:.1f} ms, {times:.0f} times the median"]
    return []


def held_notes(report: Report) -> list[str]:
    """A rate that the target held back, connections being limited."""
    held = report["generator"]["held"]
    if not held:
        return []
    return [
        f"{held:,} requests had to wait for a free connection: every one allowed was taken; "
        f"the wait is in their response time"
    ]


def judge_load(report: Report, thresholds: list[Threshold]) -> None:
    """Writes the verdict into a `run` report."""
    wrong = wrong_answers(report) + failed_requests(report)
    report["notes"] += tail_notes(report) + held_notes(report)
    slow = slow_answers(report)
    if slowness_is_proved(report):
        wrong, slow = wrong + slow, []
    write_verdict(report, wrong, slow + broken_thresholds(report, thresholds))


def write_verdict(report: Report, wrong: list[str], slow: list[str]) -> None:
    """A wrong answer is proof in any run; slowness only in one the generator was fit for."""
    invalid = report["generator"]["invalid"] if "generator" in report else []
    if wrong:
        state, exit_code = "fail", EXIT_BAD
    elif invalid:
        state, exit_code = "invalid", EXIT_INVALID
    elif slow:
        state, exit_code = "fail", EXIT_BAD
    else:
        state, exit_code = "pass", EXIT_FINE
    reasons = wrong + slow + invalid
    report["verdict"] = {"state": state, "exit_code": exit_code, "reasons": reasons}
