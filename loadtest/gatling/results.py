"""Turns a run of Gatling into the same report data as a run of our own."""

import re
from collections.abc import Mapping, Sequence
from unicodedata import normalize

from loadtest.gatling.log import GatlingRun, LoggedRequest
from loadtest.measure.health import Rate
from loadtest.measure.histogram import Histogram, bucket_us
from loadtest.measure.recorder import Times
from loadtest.measure.tally import SecondCounts, Tally
from loadtest.report.data import Load, load_of
from loadtest.wire.outcome import Failure
from loadtest.wire.request import CHECK, Kind

CLOCK_NOTE = (
    "Gatling measures whole milliseconds, from before it connects; its log does not tell the "
    "statuses of answers that were as expected"
)
WRONG_STATUS = re.compile(r"status\.find\..*found (\d{3})")
# Parts of Gatling's messages for requests without an answer, and our failure for each.
NO_ANSWER = {
    "refused": Failure.REFUSED,
    "Premature close": Failure.CLOSED,
    "reset": Failure.RESET,
    "imeout": Failure.TIMEOUT,
    "assign requested address": Failure.NO_PORTS,
    "open files": Failure.NO_FILES,
    "Exception": Failure.UNREACHABLE,
}


def gatling_load(run: GatlingRun, kinds: Sequence[Kind], names: Mapping[str, Kind]) -> Load:
    """Returns the load of a run; a request whose name is not in `names` is a check.

    Gatling has one clock, so service and response time are the same.
    """
    tally = Tally(kinds, sent=len(run.requests))
    for request in run.requests:
        kind = names.get(normalize("NFC", request.name), CHECK)
        second = tally.seconds.setdefault((request.end_ms - run.started_ms) // 1000, SecondCounts())
        us = bucket_us((request.end_ms - request.start_ms) * 1000)
        took = Histogram({us: 1}), Histogram({us: 1})
        tally.add_times(second, Times.of(kind, _code(request, kind), *took))
    elapsed_s = (run.ended_ms - run.started_ms) / 1000
    rate = Rate(elapsed_s, round(len(run.requests) / elapsed_s, 2) if elapsed_s else 0.0)
    unended = f"the run did not end: {run.users_without_end} virtual users were on it"
    return load_of(tally, rate, [unended] if run.users_without_end else [])


def _code(request: LoggedRequest, kind: Kind) -> int:
    """Returns the status as far as the log tells it, or the failure."""
    if request.is_ok:
        # The log does not tell which: takes an allowed status, if possible a 2xx.
        return min(kind.fine, key=lambda code: (code // 100 != 2, code))
    wrong_status = WRONG_STATUS.match(request.message)
    if wrong_status:
        return int(wrong_status[1])
    for text, failure in NO_ANSWER.items():
        if text in request.message:
            return failure
    return 200
