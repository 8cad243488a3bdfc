"""Thresholds of all requests and of one type."""

from io import StringIO
from pathlib import Path
from statistics import fmean

import pytest
from rich.console import Console

from loadtest.commands.values import threshold
from loadtest.crebitos.mix import CREDIT, DEBIT, KINDS
from loadtest.league.entries import About, Entry, Saved
from loadtest.league.rows import rows_of
from loadtest.measure.health import Rate, rate_of
from loadtest.measure.histogram import Histogram
from loadtest.measure.recorder import Counts, Times
from loadtest.measure.tally import Tally, WorkerSecond
from loadtest.measure.target.usage import Sample, Used
from loadtest.report.compare import cpu_us_per_answer
from loadtest.report.data import Load, load_of
from loadtest.report.html import page
from loadtest.report.text import print_report
from loadtest.report.thresholds import Threshold, broken_thresholds
from tests.help.simulated_runs import simulated_report


def two_types() -> Load:
    """Returns two seconds of debits of 2 ms, of which one in ten fails, and credits of 1 ms."""
    tally = Tally(KINDS)
    for second in range(2):
        fine, failed, quick = (
            Histogram({us: count}) for us, count in ((2_000, 90), (2_000, 10), (1_000, 50))
        )
        counts = Counts(
            times=[
                Times.of(DEBIT, 200, fine, fine),
                Times.of(DEBIT, 500, failed, failed),
                Times.of(CREDIT, 200, quick, quick),
            ],
            sent=150,
        )
        tally.add(WorkerSecond(second, second + 1.0, 0.1, 0.0, counts, 300, 1_500_000))
    return load_of(tally, rate_of(tally, None), [])


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("p99<5", Threshold("p99", True, 5.0)),
        ("p99.9 < 5.5", Threshold("p99.9", True, 5.5)),
        ("debits.p99<5", Threshold("p99", True, 5.0, "debits")),
        ("debits.p99.99<5", Threshold("p99.99", True, 5.0, "debits")),
        ("searches without t.max>1", Threshold("max", False, 1.0, "searches without t")),
        ("statements.failures<1", Threshold("failures", True, 1.0, "statements")),
        ("stdev<2", Threshold("stdev", True, 2.0)),
    ],
)
def test_a_threshold_names_a_figure_and_perhaps_a_type(text: str, parsed: Threshold) -> None:
    """The last part of the name is the figure, all before it the type."""
    assert threshold(text) == parsed
    assert threshold(str(parsed)) == parsed


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("debits.p50<1.5", "it is 2"),
        ("debits.min>1.9", ""),
        ("credits.p50<1.5", ""),
        ("credits.stdev<0.1", ""),
        ("p50<1.5", "it is 2"),
        ("debits.failures<20", "it is 20"),
        ("credits.failures<1", ""),
        ("failures<21", ""),
        ("debits.rate>101", "it is 100"),
        ("credits.rate>49", ""),
        ("rate>149", ""),
        ("statements.p99<5", "there is no answer"),
        ("statements.rate<1", ""),
    ],
)
def test_a_threshold_of_a_type_looks_at_this_type_only(text: str, broken: str) -> None:
    """Times, rate and failures of a threshold are those of its type."""
    found = broken_thresholds(two_types(), [threshold(text)])
    expected = [f"threshold {threshold(text)} does not hold: {broken}"] if broken else []
    assert found == expected


def test_the_wait_for_a_lost_answer_changes_no_figure_of_a_request() -> None:
    """The rate of a type and the CPU per request do not depend on the wait for a last answer."""
    load = two_types()
    used = [Used(cpu, 1, 0.0, 0) for cpu in (0.3, 0.3, *[0.0] * 8)]
    samples = [Sample(second + 1.0, {"service": one}) for second, one in enumerate(used)]
    load.target_usage.samples = samples[:2]
    figures = _per_request(load)
    load.rate, load.target_usage.samples = Rate(10.0, 150.0, 150.0), samples
    assert _per_request(load) == pytest.approx(figures) == (100.0, 2_000.0, 2_000.0)


def _per_request(load: Load) -> tuple[float, float, float]:
    """Returns the rate of debits, and the CPU per request as a comparison and a league have it."""
    [reason] = broken_thresholds(load, [threshold("debits.rate>1000")])
    [row] = rows_of([Entry(About("one"), [Saved(Path("one.json"), simulated_report(load=load))])])
    return float(reason.split()[-1]), fmean(cpu_us_per_answer(load)), row.cpu_us_per_request or 0.0


def test_bytes_and_spread_are_shown_everywhere() -> None:
    """Text, page and data have bytes and throughput, minimum, mean and standard deviation."""
    report = simulated_report(load=two_types())
    load = report.load
    assert load is not None
    assert load.throughput.sent_bytes == 600  # type: ignore[union-attr]
    assert load.throughput.received_bytes_per_s == 1_500_000  # type: ignore[union-attr]
    assert load.latency_us["debits"]["min"] == 2_000  # type: ignore[index]
    assert load.latency_us["response"]["stdev"] == 471  # type: ignore[index]
    console = Console(file=StringIO(), width=140)
    print_report(report, console)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "sent 0.001 MB at 0.000 MB/s, received 3.000 MB at 1.500 MB/s" in text
    assert "0.471" in text
    assert "1.500 MB/s" in page(report)
    assert "min 1.000 ms, mean 1.667 ms, stdev 0.471 ms" in page(report)
