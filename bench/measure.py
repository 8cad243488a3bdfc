"""One measurement: `loadtest` loads a running contender. Its report, and the usage of the contender
and of the machine, give the figures."""

import os
import subprocess
import sys
from collections.abc import Sequence

from bench.contender import Workload
from bench.edition import Edition
from bench.parts.running import Running
from bench.parts.usage import MachineUsage, why_thrown_out
from bench.results.data import Cell
from loadtest.report.data import Report
from loadtest.report.json import read_json
from stack.paths import ROOT
from stack.run.processes import StackFailedError

PERCENTILES = (50.0, 75.0, 90.0, 95.0, 99.0, 99.9)
MEGABYTE = 1_000_000
# Time that loadtest has beyond the official run; after it the contender counts as hanging.
EXTRA_S = 60.0


def measure(
    running: Running, edition: Edition, workload: Workload, seconds: float, cell: Cell
) -> int:
    """Measures a workload, stores the figures in the cell, returns the number of rows added."""
    before, machine = running.usage(), MachineUsage()
    report = _loadtest(running, edition, workload.arguments_for(seconds))
    after = running.usage()
    assert report.load is not None
    load = report.load
    histogram = load.answered("response")
    count = max(histogram.total, 1)
    cpu_s = {name: after[name].cpu_s - before[name].cpu_s for name in before}
    contender_cpu_s = sum(cpu_s.values())
    percentiles = zip(PERCENTILES, histogram.percentiles(PERCENTILES), strict=True)
    cell.figures |= {
        "rate": histogram.total / load.rate.elapsed_s,
        **{f"p{percent:g}_ms": us / 1000 for percent, us in percentiles},
        "max_ms": histogram.max_us / 1000,
        "failures": load.totals.failures,
        "cpu_us": contender_cpu_s / count * 1e6,
        "cpus": contender_cpu_s / load.rate.elapsed_s,
        "memory_mb": sum(one.memory_bytes for one in after.values()) / MEGABYTE,
        "generator_cpu_us": load.generator.cpu_us_per_request if load.generator else 0.0,
        **machine.figures(contender_cpu_s),
        **edition.official_figures(report),
    }
    cell.cpu_us = {name: part_s / count * 1e6 for name, part_s in cpu_s.items()}
    cell.memory_mb = {name: one.memory_bytes / MEGABYTE for name, one in after.items()}
    cell.thrown_out = why_thrown_out(load.invalid, cell.figures, limited=running.limit_cpu)
    return sum(one.count for one in load.times if (one.kind, one.code) in edition.added)


def check(running: Running, edition: Edition) -> str:
    """Returns the judge's verdict on the rules of the contest, in a few words."""
    rules = _loadtest(running, edition, edition.check).rules
    broken = list(dict.fromkeys(rule.name for rule in rules if not rule.passed))
    count = sum(rule.passed for rule in rules)
    verdict = f"{count} of {len(rules)} rules hold"
    return f"{verdict}; broken: {'; '.join(broken)}" if broken else verdict


def _loadtest(running: Running, edition: Edition, arguments: Sequence[str]) -> Report:
    path = running.folder / "report.json"
    path.unlink(missing_ok=True)
    command, *options = arguments
    target = [f"http://127.0.0.1:{running.port}", "--edition", edition.name]
    all_arguments = [command, *target, "--plain", "--json", str(path), *options]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "loadtest", *all_arguments],
            cwd=ROOT,
            env={**os.environ, "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            timeout=edition.official.seconds + EXTRA_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise StackFailedError("loadtest did not end: the contender hangs") from None
    running.assert_alive()
    if not path.exists():
        raise StackFailedError(f"loadtest ended with {done.returncode}: {done.stderr.strip()}")
    return read_json(path, edition.report)
