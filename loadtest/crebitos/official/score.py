"""The official score of Gatling's results, with the arithmetic of `loadtest official`."""

import json
from collections import Counter
from pathlib import Path

from msgspec.structs import asdict

from loadtest.crebitos.mix import CREDIT, DEBIT, EXTRATO
from loadtest.crebitos.official.plan import OFFICIAL_COUNTS
from loadtest.crebitos.official.verdict import official_part
from loadtest.crebitos.report import Counts, CrebitosReport
from loadtest.gatling.log import LOG_NAME, GatlingRun
from loadtest.limits import SLOW_MS
from loadtest.report.data import Load
from loadtest.report.json import BadReportError, bytes_of
from loadtest.report.judgement import counts_text
from loadtest.wire.outcome import one_line

# The official simulation's names of requests, and their kinds.
NAMES = {"débitos": DEBIT, "créditos": CREDIT, "extratos": EXTRATO}

# A failed request with one of these in its message costs 803.01 USD. The official script looks for
# no others, so a wrong total in step 3 costs as much as one after the 25 at once.
CONSISTENCY = ("ConsistenciaSaldoLimite", "jmesPath(saldo.total).find.is")


def add_score(report: CrebitosReport, load: Load, run: GatlingRun, folder: Path) -> None:
    """Adds the official score of a run of Gatling."""
    counts = _counts(run)
    load.invalid += _disagreement(folder / "js" / "stats.json", counts)
    failed = Counter(
        one_line(f"{one.name}: {one.message}") for one in run.requests if not one.is_ok
    )
    report.official = official_part(counts, failed, load.mix, OFFICIAL_COUNTS)


def _counts(run: GatlingRun) -> Counts:
    right = [request for request in run.requests if request.is_ok]
    in_time = sum(request.end_ms - request.start_ms < SLOW_MS for request in right)
    messages = [request.message for request in run.requests if not request.is_ok]
    return Counts(
        total=len(run.requests),
        ok_in_time=in_time,
        slow=len(right) - in_time,
        ko=len(messages),
        consistency=sum(text in message for message in messages for text in CONSISTENCY),
    )


def _disagreement(path: Path, counts: Counts) -> list[str]:
    """Returns a reason if Gatling's own report in the folder is of another run."""
    if not path.exists():
        return []
    try:
        stats = json.loads(bytes_of(path))["stats"]
        requests, fast = stats["numberOfRequests"], stats["group1"]
        reported = {"total": requests["total"], "ko": requests["ko"]}
        if fast["name"] == f"t < {SLOW_MS} ms":
            reported["ok_in_time"] = fast["count"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadReportError(f"{path} is not Gatling's") from error
    counted = {name: asdict(counts)[name] for name in reported}
    if reported == counted:
        return []
    theirs, ours = map(counts_text, (reported, counted))
    return [f"{path} counted {theirs}, {LOG_NAME} {ours}: they are of different runs"]
