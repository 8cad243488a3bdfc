"""A command whose processes are killed, or whose streams are unusual, blames no target for it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from loadtest.crebitos.report import CrebitosReport
from loadtest.report.json import read_json
from tests.loadtest.command import ROOT
from tests.loadtest.conftest import Serve

DEADLINE_S = 60.0


def workers_of(parent: int) -> list[int]:
    """Returns the processes that a run has forked, once they have sent a request."""
    children = Path(f"/proc/{parent}/task/{parent}/children")
    deadline = time.monotonic() + DEADLINE_S
    while not (found := [int(pid) for pid in children.read_text().split()]):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    # The common start, and a moment of load.
    time.sleep(1.0)
    return found


def is_alive(pid: int) -> bool:
    """Returns whether a process runs; one that has ended may still wait for its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextmanager
def running(port: int, *words: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "loadtest", "run", f"127.0.0.1:{port}", "-d", "60", "--plain"]
    with subprocess.Popen(
        [*command, *words], cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        yield process


@pytest.mark.parametrize("words", [(), ("--no-checks",)])
def test_a_killed_worker_makes_the_run_invalid(serve: Serve, words: tuple[str, ...]) -> None:
    """The record of a killed worker is incomplete, so it proves nothing against the target."""
    with running(serve(), *words) as run:
        for pid in workers_of(run.pid):
            os.kill(pid, signal.SIGKILL)
        out, _ = run.communicate(timeout=DEADLINE_S)
    assert run.returncode == 4, out
    assert "the generator failed: worker 1 was ended by SIGKILL" in out


def test_workers_end_with_the_command(serve: Serve) -> None:
    """A command that is killed leaves no worker, which would go on with the load."""
    with running(serve(), "-r", "20", "--workers", "2") as run:
        workers = workers_of(run.pid)
        run.send_signal(signal.SIGKILL)
        run.wait(DEADLINE_S)
    deadline = time.monotonic() + DEADLINE_S / 4
    while any(map(is_alive, workers)):
        assert time.monotonic() < deadline, "a worker is left"
        time.sleep(0.05)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_change_no_verdict(serve: Serve, tmp_path: Path, closed: str) -> None:
    """A command whose standard streams are closed ends with its exit code, and its report."""
    words = f"run 127.0.0.1:{serve()} -n 34 -c 1"
    line = f"{sys.executable} -m loadtest {words} --json {tmp_path}/report.json {closed}"
    ran = subprocess.run(["sh", "-c", line], cwd=ROOT, text=True, capture_output=True, check=False)
    assert "Traceback" not in ran.stderr
    assert read_json(tmp_path / "report.json", CrebitosReport).verdict.exit_code == ran.returncode


@pytest.mark.starts
@pytest.mark.parametrize(
    "command", ["run --help", "report docs/league/entries/go-fiber-sqlite/check.json --all"]
)
def test_an_encoding_that_lacks_characters_is_no_error(command: str) -> None:
    """Characters that the output's encoding lacks are escaped; the exit code stays."""
    codes = []
    for encoding in ("utf-8", "ascii"):
        ran = subprocess.run(
            [sys.executable, "-m", "loadtest", *command.split()],
            cwd=ROOT,
            env={**os.environ, "PYTHONIOENCODING": encoding},
            text=True,
            capture_output=True,
            check=False,
        )
        assert "Traceback" not in ran.stderr
        codes.append(ran.returncode)
    assert codes[0] == codes[1]


def test_a_run_without_a_request_is_invalid(serve: Serve) -> None:
    """A load that sends nothing proves nothing."""
    command = [sys.executable, "-m", "loadtest", "run", f"127.0.0.1:{serve()}", "--plain"]
    ran = subprocess.run(
        [*command, "--stages", "1s:0.5"], cwd=ROOT, text=True, capture_output=True, check=False
    )
    assert ran.returncode == 4, ran.stdout
    assert "no request was sent" in ran.stdout
