"""One measurement: `loadtest` drives a running stack; what it saw, and what the stack and the
machine did meanwhile."""

import os
import subprocess
import sys

from bench.parts.processes import Meanwhile
from bench.parts.stack import ROOT, Running, StackFailedError
from bench.plan import OFFICIAL_S, WARM_UP_S, Work
from bench.results.cell import Cell, why_thrown_out
from loadtest.crebitos.mix import CREDIT, DEBIT
from loadtest.crebitos.report import CrebitosReport
from loadtest.report.data import Load, Report, histogram_of
from loadtest.report.json import AnyReport, read_json

PERCENTILES = (50.0, 75.0, 90.0, 95.0, 99.0, 99.9)
MEGABYTE = 1_000_000
# What loadtest may take beyond the load itself, before the stack counts as hanging.
PATIENCE_S = 60.0


def warm_up(running: Running) -> int:
    """Returns how many transactions it left in the ledger."""
    words = ["run", "-c", "14", "-d", f"{WARM_UP_S:g}", "--no-checks"]
    return _accepted(load_of(loadtest(running, words, CrebitosReport)))


def drive(running: Running, work: Work, seconds: float, cell: Cell) -> int:
    """Fills the cell. Returns how many transactions are in the ledger because of it."""
    report = measure(running, _words(work, seconds), CrebitosReport, cell)
    if report.official is not None:
        cell.figures["paid_usd"] = float(report.official.paid_usd)
        cell.figures["ok_percent"] = float(report.official.ok_percent)
    return _accepted(load_of(report))


def measure(running: Running, words: list[str], edition: type[AnyReport], cell: Cell) -> AnyReport:
    """Fills the cell with what every edition's load has."""
    stack, meanwhile = running.usage(), Meanwhile()
    report = loadtest(running, words, edition)
    stack_after = running.usage()
    load = load_of(report)
    histogram = histogram_of(load, "response")
    count = max(histogram.total, 1)
    cpu_s = {name: stack_after[name].cpu_s - stack[name].cpu_s for name in stack}
    stack_cpu_s = sum(cpu_s.values())
    percentiles = zip(PERCENTILES, histogram.percentiles(PERCENTILES), strict=True)
    cell.figures = {
        "rate": histogram.total / load.rate.elapsed_s,
        **{f"p{percent:g}_ms": us / 1000 for percent, us in percentiles},
        "max_ms": histogram.max_us / 1000,
        "failures": load.totals.failures,
        "cpu_us": stack_cpu_s / count * 1e6,
        "memory_mb": sum(one.memory_bytes for one in stack_after.values()) / MEGABYTE,
        "generator_cpu_us": load.generator.cpu_us_per_request if load.generator else 0.0,
        **meanwhile.figures(stack_cpu_s),
    }
    cell.cpu_us = {name: part_s / count * 1e6 for name, part_s in cpu_s.items()}
    cell.memory_mb = {name: one.memory_bytes / MEGABYTE for name, one in stack_after.items()}
    cell.thrown_out = why_thrown_out(load.invalid, cell.figures, limited=running.groups.hold_cpu)
    return report


def _words(work: Work, seconds: float) -> list[str]:
    if work.words[0] == "run":
        # Answers are checked elsewhere (tests, official run): here a check would cost the generator
        # a fifth, and the ceiling's one answer is wrong on purpose.
        return [*work.words, "-d", f"{seconds:g}", "--no-checks"]
    return [*work.words, "--scale", f"{seconds / OFFICIAL_S:g}"]


def _accepted(load: Load) -> int:
    kinds = (DEBIT.name, CREDIT.name)
    return sum(one.count for one in load.times if one.kind in kinds and one.code == 200)


def load_of(report: Report) -> Load:
    assert report.load is not None
    return report.load


def loadtest(running: Running, words: list[str], edition: type[AnyReport]) -> AnyReport:
    path = running.folder / "report.json"
    path.unlink(missing_ok=True)
    command, *options = words
    where = [f"http://127.0.0.1:{running.port}", "--plain", "--json", str(path)]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "loadtest", command, *where, *options],
            cwd=ROOT,
            env={**os.environ, "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            timeout=OFFICIAL_S + PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise StackFailedError("loadtest did not come back: the stack hangs") from None
    running.assert_alive()
    if not path.exists():
        raise StackFailedError(f"loadtest ended with {done.returncode}: {done.stderr.strip()}")
    return read_json(path, edition)
