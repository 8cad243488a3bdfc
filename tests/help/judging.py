"""Runs the judge's command in the test's own process, against an entry wired to it."""

import io
import json
import mmap
import traceback
from collections.abc import Sequence
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic
from time import perf_counter_ns as clock_ns
from typing import Any
from unittest.mock import patch

from loadtest.commands import main
from loadtest.crebitos.mix import build_requests
from loadtest.drive.pool import Job, Work
from loadtest.drive.run import Run, View
from loadtest.measure.tally import Crash, Tally
from loadtest.measure.target.usage import Usage
from loadtest.report.judgement import EXIT_BAD, EXIT_INVALID
from loadtest.wire.request import Address, Kind
from tests.help.wired import Entry, WiredEngine

# Enough requests to reach every client, and few enough for a short run.
WORDS = {
    "run": ("-n", "136", "-c", "4"),
    "official": ("--scale", "0.0005", "--speed", "20"),
    "check": (),
}
SMALL: dict[str, Any] = {
    "loadtest.wire.probe.READY_WAIT_S": 0.3,
    "loadtest.wire.probe.READY_PAUSE_S": 0.1,
    "loadtest.crebitos.rules.burst.BURSTS": (8,),
    "loadtest.crebitos.rules.burst.SUSTAINED_CYCLES": 4,
    "loadtest.pessoas.rules.burst.OF_ONE_APELIDO": (2, 8),
    "loadtest.pessoas.rules.burst.AT_ONCE": 10,
    "loadtest.pessoas.rules.burst.ONE_BY_ONE": 5,
    "loadtest.crebitos.edition.build_requests": partial(build_requests, cycles=8),
}
# No answer is slow: a busy machine must not change a verdict.
NEVER_SLOW: dict[str, Any] = {
    "loadtest.report.judgement.slow_answers": lambda *_: [],
    "loadtest.crebitos.official.verdict.slow_answers": lambda *_: [],
    "loadtest.crebitos.official.judge.SLOW_MS": 3_600_000,
}
# Shorter timeouts, for entries that keep the judge waiting.
SHORT: dict[str, Any] = {
    "loadtest.commands.load.REQUEST_TIMEOUT_S": 0.2,
    "loadtest.commands.load.OFFICIAL_TIMEOUT_S": 0.2,
    "loadtest.wire.probe.PROBE_TIMEOUT_S": 0.1,
    "loadtest.wire.probe.SILENCE_MAX_S": 0.6,
    "loadtest.wire.probe.SILENT_TIMEOUT_S": 0.005,
    "loadtest.wire.probe.EXPIRE_EVERY_S": 0.005,
}


@dataclass(frozen=True)
class Judged:
    """Result of a command: exit code, output, duration, and growth of the peak memory."""

    code: int
    out: str
    took_s: float
    grown_bytes: int


def judge(entry: Entry, words: Sequence[str], folder: Path, *, short: bool = False) -> Judged:
    """Runs `loadtest` with these arguments and both reports; an exception is not caught."""
    engine, out = partial(WiredEngine, entry), io.StringIO()
    changes = {
        "loadtest.drive.loops.Engine": engine,
        "loadtest.wire.probe.Engine": engine,
        "loadtest.judging.edition.run_workers": _run_worker,
        "loadtest.commands.load.files_for": lambda connections, **_: connections or 1_000,
        "loadtest.wire.probe.speaks_tls": lambda _address: False,
        **SMALL,
        **NEVER_SLOW,
        **(SHORT if short else {}),
    }
    reports = ("--json", str(folder / "report.json"), "--html", str(folder / "report.html"))
    began_s, before_bytes = monotonic(), _reset_peak()
    with ExitStack() as patched:
        for name, value in changes.items():
            patched.enter_context(patch(name, value))
        patched.enter_context(redirect_stdout(out))
        patched.enter_context(redirect_stderr(out))
        code = main.run([*words, "--plain", *reports])
    return Judged(code, out.getvalue(), monotonic() - began_s, _memory("VmHWM") - before_bytes)


def is_accepted(judged: Judged, folder: Path) -> bool:
    """Tells if the judge found nothing wrong.

    On a busy machine a load may be invalid, and that of an official run may begin before its checks
    have ended: the judge counts these answers, as Gatling does, and calls none of them wrong.
    """
    if judged.code == EXIT_BAD:
        official = json.loads((folder / "report.json").read_text()).get("official") or {}
        counts = official.get("counts", {})
        is_own_timing = 0 < counts.get("ko", 0) == counts.get("overlapped")
        said = " ".join(judged.out.split())
        return is_own_timing and "Nothing wrong was found beyond that" in said
    return judged.code == 0 or (judged.code == EXIT_INVALID and "INVALID" in judged.out)


def _run_worker(
    work: Work, workers: int, _address: Address, kinds: Sequence[Kind], _view: View
) -> Run:
    """Runs the worker in this process."""
    job, done = Job(0, clock_ns(), mmap.mmap(-1, 1)), Run(Tally(kinds), Usage(), workers)
    try:
        work(job)
    except Exception:  # noqa: BLE001 - as in a process of its own
        job.send(Crash(traceback.format_exc()))
    for message in job.messages():
        done.tally.add(message)
    return done


def _reset_peak() -> int:
    """Resets the peak of the memory, and returns what is used now."""
    Path("/proc/self/clear_refs").write_text("5")
    return _memory("VmRSS")


def _memory(name: str) -> int:
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024
