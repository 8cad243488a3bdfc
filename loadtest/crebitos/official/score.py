"""The official verdict on a folder of Gatling's results, as a report like that of our own runs."""

import json
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unicodedata import normalize

from loadtest.crebitos.official.plan import OFFICIAL_COUNTS
from loadtest.crebitos.official.verdict import Verdict
from loadtest.gatling.log import LOG_NAME, GatlingRun, LoggedRequest, read_log
from loadtest.limits import SLOW_MS
from loadtest.measure.histogram import bucket_us
from loadtest.measure.tally import Second, Tally
from loadtest.report import judgement
from loadtest.report.data import Report, load_report
from loadtest.report.json import BadReportError
from loadtest.wire.outcome import KIND_NAMES, Failure, Kind

# By the names of the official simulation; whatever has another name is a check.
KINDS = {"débitos": Kind.DEBIT, "créditos": Kind.CREDIT, "extratos": Kind.STATEMENT}

# A failed request with one of these in its message costs 803.01 USD. They are all that the official
# script looks for, so a wrong total in step 3 costs as much as one after the 25 at once.
CONSISTENCY = ("ConsistenciaSaldoLimite", "jmesPath(saldo.total).find.is")

WRONG_STATUS = re.compile(r"status\.find\..*found (\d{3})")
# Where there was no answer: a word of the message, and what we call it.
NO_ANSWER = {
    "refused": Failure.REFUSED,
    "Premature close": Failure.CLOSED,
    "reset": Failure.RESET,
    "imeout": Failure.TIMEOUT,
    "assign requested address": Failure.NO_PORTS,
    "open files": Failure.NO_FILES,
    "Exception": Failure.UNREACHABLE,
}


def score(folder: Path) -> Report:
    """Reads what Gatling wrote; the arithmetic is that of `loadtest official`."""
    run = read_log(folder / LOG_NAME)
    counts = _official_counts(run)
    report = load_report(
        "score", f"Gatling {run.version}, {run.simulation}", folder.name, _tally(run)
    )
    ended_at = datetime.fromtimestamp(run.ended_ms / 1000, UTC)
    report["ended_at"] = ended_at.isoformat(timespec="seconds")
    elapsed_s = (run.ended_ms - run.started_ms) / 1000
    report["generator"] = {
        "elapsed_s": elapsed_s,
        "achieved_rate": round(len(run.requests) / elapsed_s, 2) if elapsed_s else 0.0,
        "wanted_rate": None,
        "invalid": _invalid(folder / "js" / "stats.json", run, counts),
    }
    report["target_usage"] = {"samples": [], "limits": {}}
    expected = {KIND_NAMES[kind]: count for kind, count in OFFICIAL_COUNTS.items()}
    complete = report["mix"] == expected
    report["official"] = {
        **counts,
        "rehearsal": not complete,
        "expected": expected,
        "complete": complete,
        **Verdict(counts["total"], counts["ok_in_time"], counts["consistency"]).as_data(),
        "failed_checks": _failed_checks(run),
        "broken_checks": [],
    }
    report["notes"] = [
        "Gatling measures whole milliseconds, from before it connects; its log does not tell a "
        "refused debit (422) from an accepted one (200)",
        *judgement.tail_notes(report),
    ]
    judgement.write_verdict(report, [], judgement.fined(report))
    return report


def _official_counts(run: GatlingRun) -> dict[str, int]:
    right = [request for request in run.requests if request.is_ok]
    in_time = sum(request.end_ms - request.start_ms < SLOW_MS for request in right)
    return {
        "total": len(run.requests),
        "ok_in_time": in_time,
        "slow": len(right) - in_time,
        "ko": len(run.requests) - len(right),
        "consistency": sum(
            text in request.message
            for request in run.requests
            if not request.is_ok
            for text in CONSISTENCY
        ),
    }


def _failed_checks(run: GatlingRun) -> list[dict[str, Any]]:
    failed = Counter(f"{one.name}: {one.message}" for one in run.requests if not one.is_ok)
    return [{"what": what, "count": count} for what, count in failed.most_common()]


def _tally(run: GatlingRun) -> Tally:
    """Gatling has one clock, so service and response time are the same."""
    started_ms = run.started_ms
    tally = Tally(sent=len(run.requests))
    for request in run.requests:
        kind = KINDS.get(normalize("NFC", request.name), Kind.CHECK)
        second = tally.seconds.setdefault((request.end_ms - started_ms) // 1000, Second())
        pairs = [(bucket_us((request.end_ms - request.start_ms) * 1000), 1)]
        tally.add_cell(second, kind, _code(request), pairs, pairs)
    return tally


def _code(request: LoggedRequest) -> int:
    """The status, as far as the log tells it, or why there was no answer."""
    if request.is_ok:
        return 200
    wrong_status = WRONG_STATUS.match(request.message)
    if wrong_status:
        return int(wrong_status[1])
    for word, failure in NO_ANSWER.items():
        if word in request.message:
            return failure
    return 200


def _invalid(path: Path, run: GatlingRun, counts: dict[str, int]) -> list[str]:
    """A run that was cut off, or a report that was not made from this log."""
    reasons = []
    if run.users_without_end:
        reasons.append(f"the run did not end: {run.users_without_end} virtual users were on it")
    if path.exists() and (reported := _reported(path, counts)) != counts:
        reasons.append(f"{path} counted {reported}, {LOG_NAME} {counts}: not one run")
    return reasons


def _reported(path: Path, counts: dict[str, int]) -> dict[str, int]:
    """What Gatling's report says of our counts, as far as it does."""
    try:
        stats = json.loads(path.read_text())["stats"]
        requests, fast = stats["numberOfRequests"], stats["group1"]
        reported = counts | {"total": requests["total"], "ko": requests["ko"]}
        if fast["name"] == f"t < {SLOW_MS} ms":
            reported["ok_in_time"] = fast["count"]
    except (ValueError, KeyError, TypeError) as error:
        raise BadReportError(f"{path} is not Gatling's") from error
    return reported
