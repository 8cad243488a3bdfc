"""A system without room for a command's output or processes gives one line, and no verdict."""

import os
import subprocess
import sys
from pathlib import Path
from time import perf_counter_ns, sleep

import pytest

from loadtest.drive.pool import Job, WorkerPool
from loadtest.report.json import write_json
from tests.help.simulated_runs import simulated_report
from tests.loadtest.arena.entries import entry, write
from tests.loadtest.command import ROOT
from tests.loadtest.conftest import Serve


def judged(words: list[str], output: int) -> tuple[int, str]:
    """Returns the exit code and the errors of a command with this standard output."""
    command = [sys.executable, "-m", "loadtest", *words]
    done = subprocess.run(
        command, stdout=output, stderr=subprocess.PIPE, cwd=ROOT, text=True, check=False
    )
    return done.returncode, done.stderr


def test_a_full_disk_is_no_verdict(tmp_path: Path) -> None:
    """Output that cannot be written is an error in one line, and its exit code is not FAIL's."""
    kept = tmp_path / "kept.json"
    write_json(simulated_report(), kept)
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        for words in (["report", str(kept)], ["schema"]):
            code, errors = judged(words, full.fileno())
            assert (code, errors.count("\n")) == (2, 1), errors
            assert "No space left on device" in errors


@pytest.mark.parametrize(("memory", "code"), [("100MB", 0), ("900MB", 1)])
def test_the_verdict_does_not_depend_on_its_reader(tmp_path: Path, memory: str, code: int) -> None:
    """A reader that ends early, such as `head`, changes no exit code and gets no traceback."""
    write(tmp_path, entry().replace("100MB", memory))
    reader, writer = os.pipe()
    os.close(reader)
    try:
        assert judged(["arena", "--rules-only", str(tmp_path)], writer) == (code, "")
        assert judged(["schema"], writer) == judged(["--help"], writer) == (0, "")
    finally:
        os.close(writer)


def test_messages_that_nobody_reads_end_no_run(serve: Serve, tmp_path: Path) -> None:
    """A load whose messages go to a reader that ended is complete, and its report is written."""
    kept = tmp_path / "kept.json"
    words = f"run 127.0.0.1:{serve()} -n 34 -c 1 --rounds 2 --json {kept}"
    reader, writer = os.pipe()
    os.close(reader)
    try:
        command = [sys.executable, "-m", "loadtest", *words.split()]
        assert subprocess.call(command, stdout=writer, stderr=writer, cwd=ROOT) == 0
    finally:
        os.close(writer)
    assert kept.exists()


@pytest.mark.starts
def test_a_worker_that_cannot_start_ends_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without room for a process the load does not begin, and no worker is left."""
    fork, forked = os.fork, list[int]()

    def scarce() -> int:
        if forked:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        forked.append(fork())
        return forked[0]

    def work(job: Job) -> None:
        for _ in range(500):
            sleep(0 if job.stopped() else 0.01)

    monkeypatch.setattr(os, "fork", scarce)
    with pytest.raises(OSError, match="worker 2 of 3 cannot be started: Resource temporarily"):
        WorkerPool(work, 3, perf_counter_ns())
    with pytest.raises(ProcessLookupError):
        os.kill(forked[0], 0)
