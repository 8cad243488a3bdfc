"""The report as plain data, from which every page and table is made."""

from datetime import UTC, datetime
from typing import Any

from loadtest.measure.histogram import PERCENTILES, Histogram, merged
from loadtest.measure.tally import Second, Tally
from loadtest.wire.outcome import KIND_NAMES, STATUS_FIRST, Kind, is_fine, outcome_name

SCHEMA_VERSION = 1

Report = dict[str, Any]


def load_report(command: str, way: str, target: str, tally: Tally) -> Report:
    """Everything counted during a load; verdict and checks are added by whoever judges."""
    return {
        "schema": SCHEMA_VERSION,
        "command": command,
        "way": way,
        "target": target,
        "ended_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "totals": {
            "sent": tally.sent,
            "done": tally.done,
            "answers": tally.answered().service.total,
            "failures": tally.failed,
        },
        "mix": {
            name: tally.count(lambda got, _code, wanted=kind: got == wanted)  # type: ignore[misc]
            for kind, name in KIND_NAMES.items()
        },
        "times": _times(tally),
        "seconds": [
            {"second": second, **_second(tally.seconds[second])} for second in sorted(tally.seconds)
        ],
        "findings": [{"what": what, "count": n} for what, n in sorted(tally.findings.items())],
        "examples": tally.examples,
        "crashes": tally.crashes,
        "notes": [],
    }


def _times(tally: Tally) -> list[dict[str, Any]]:
    return [
        {
            "kind": KIND_NAMES[Kind(kind)],
            "code": code,
            "outcome": outcome_name(code),
            "fine": is_fine(kind, code),
            "count": times.service.total,
            "service": times.service.to_pairs(),
            "response": times.response.to_pairs(),
        }
        for (kind, code), times in sorted(tally.times.items())
    ]


def _second(second: Second) -> dict[str, Any]:
    p50, p99 = second.response.percentiles((50.0, 99.0))
    return {
        "answers": second.answers,
        "failures": second.failures,
        "p50_us": p50,
        "p99_us": p99,
        "max_us": second.response.max_us,
        "late_p99_us": second.late.percentile(99.0),
        "generator_cpu": round(second.cpu_s - second.spun_s, 4),
    }


def histogram_of(report: Report, clock: str, kind: str | None = None) -> Histogram:
    """The merged times of all answers, by `service` or `response`; of one kind when named."""
    return merged(
        Histogram.from_pairs(times[clock])
        for times in report["times"]
        if times["code"] >= STATUS_FIRST and kind in {None, times["kind"]}
    )


def percentile_names() -> list[str]:
    return [f"p{percent:g}" for percent in PERCENTILES]


def latency_figures(histogram: Histogram) -> dict[str, int]:
    """Percentiles, maximum and mean by name, in microseconds."""
    named = dict(zip(percentile_names(), histogram.percentiles(), strict=True))
    return {**named, "max": histogram.max_us, "mean": round(histogram.mean_us)}
