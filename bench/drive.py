"""One measurement: `loadtest` drives a running stack; what it saw, and what the stack and the
machine did meanwhile. Imports cell, plan, processes and stack, and loadtest.report."""

import json
import os
import subprocess
import sys
from typing import Any

from bench.cell import Cell, why_thrown_out
from bench.plan import OFFICIAL_S, WARM_UP_S, Work
from bench.processes import Meanwhile
from bench.stack import ROOT, Running, StackFailedError
from loadtest.report.data import histogram_of

PERCENTILES = (50.0, 75.0, 90.0, 95.0, 99.0, 99.9)
MEGABYTE = 1_000_000
# What loadtest may take beyond the load itself, before the stack counts as hanging.
PATIENCE_S = 60.0


def warm_up(running: Running) -> int:
    """Returns how many transactions it left in the ledger."""
    return _accepted(_loadtest(running, ["run", "-c", "14", "-d", f"{WARM_UP_S:g}", "--no-checks"]))


def drive(running: Running, work: Work, seconds: float, cell: Cell) -> int:
    """Fills the cell. Returns how many transactions are in the ledger because of it."""
    stack, meanwhile = running.usage(), Meanwhile()
    report = _loadtest(running, _words(work, seconds))
    stack_after = running.usage()
    histogram = histogram_of(report, "response")
    count = max(histogram.total, 1)
    cpu_s = {name: stack_after[name].cpu_s - stack[name].cpu_s for name in stack}
    stack_cpu_s = sum(cpu_s.values())
    percentiles = zip(PERCENTILES, histogram.percentiles(PERCENTILES), strict=True)
    cell.figures = {
        "rate": histogram.total / report["generator"]["elapsed_s"],
        **{f"p{percent:g}_ms": us / 1000 for percent, us in percentiles},
        "max_ms": histogram.max_us / 1000,
        "failures": report["totals"]["failures"],
        "cpu_us": stack_cpu_s / count * 1e6,
        "memory_mb": sum(one.memory_bytes for one in stack_after.values()) / MEGABYTE,
        "generator_cpu_us": report["generator"]["cpu_us_per_request"],
        **meanwhile.figures(stack_cpu_s),
    }
    if "official" in report:
        cell.figures["paid_usd"] = float(report["official"]["paid_usd"])
        cell.figures["ok_percent"] = float(report["official"]["ok_percent"])
    cell.cpu_us = {name: part_s / count * 1e6 for name, part_s in cpu_s.items()}
    cell.memory_mb = {name: one.memory_bytes / MEGABYTE for name, one in stack_after.items()}
    cell.thrown_out = why_thrown_out(
        report["generator"]["invalid"], cell.figures, limited=running.limits.hold_cpu
    )
    return _accepted(report)


def _words(work: Work, seconds: float) -> list[str]:
    if work.words[0] == "run":
        # Answers are checked elsewhere (tests, official run): here a check would cost the generator
        # a fifth, and the ceiling's one answer is wrong on purpose.
        return [*work.words, "-d", f"{seconds:g}", "--no-checks"]
    return [*work.words, "--scale", f"{seconds / OFFICIAL_S:g}"]


def _accepted(report: dict[str, Any]) -> int:
    return sum(
        times["count"]
        for times in report["times"]
        if times["kind"] in ("debits", "credits") and times["code"] == 200
    )


def _loadtest(running: Running, words: list[str]) -> dict[str, Any]:
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
    report: dict[str, Any] = json.loads(path.read_text())
    return report
