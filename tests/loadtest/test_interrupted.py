"""Ctrl-C ends any command with exit code 130, without a traceback or a leftover process."""

import contextlib
import os
import pty
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path
from random import Random

import pytest

from loadtest.report.json import write_json
from tests.help.commands import wait_until
from tests.help.effort import drawn_seed, effort
from tests.help.simulated_runs import simulated_report
from tests.loadtest.command import ROOT
from tests.loadtest.conftest import Serve

DEADLINE_S = 60.0
MVN = """#!/bin/sh
[ "$1" = -v ] && { echo "Java version: 17"; exit; }
exec sleep 60
"""
LONG = {
    "run": "run {target} -d 60",
    "official": "official {target}",
    "check": "check {target}",
    "gatling": "gatling {target}",
    "rounds": "run {target} -d 60 --rounds 3",
    "pair": "run {target} --pair {target} -d 0.4",
    "waiting": "official 127.0.0.1:1",
}
SHORT = {
    "compare": "compare {kept} {kept}",
    "report": "report {kept}",
    "league": "league {kept}",
    "help": "--help",
}
STOPPED = {130, -signal.SIGINT}


def wait_until_loading(running: subprocess.Popen[str]) -> None:
    """Waits until the command runs its own code, which has then loaded msgspec."""
    deadline = time.monotonic() + DEADLINE_S
    while running.poll() is None:
        with contextlib.suppress(OSError):
            if "msgspec" in Path(f"/proc/{running.pid}/maps").read_text():
                return
        assert time.monotonic() < deadline
        time.sleep(0.005)


def wait_until_gone(group: int) -> None:
    deadline = time.monotonic() + DEADLINE_S
    with contextlib.suppress(ProcessLookupError):
        while True:
            os.killpg(group, 0)
            assert time.monotonic() < deadline, "a process is left"
            time.sleep(0.02)


def interrupted(words: str, folder: Path, after_s: float) -> tuple[int, str]:
    print(f"{words}: Ctrl-C after {after_s:.3f} s")
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{folder}:{os.environ['PATH']}"}
    running = subprocess.Popen(
        [sys.executable, "-m", "loadtest", *words.split()], cwd=folder, env=environ, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    wait_until_loading(running)
    time.sleep(after_s)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGINT)
    out, _ = running.communicate(timeout=DEADLINE_S)
    wait_until_gone(running.pid)
    return running.returncode, out


@pytest.mark.parametrize("command", [*LONG, *SHORT])
def test_ctrl_c_ends_a_command_plainly(serve: Serve, tmp_path: Path, command: str) -> None:
    """Ctrl-C ends every command without a traceback, in any phase."""
    random, kept, mvn = Random(drawn_seed()), tmp_path / "kept.json", tmp_path / "mvn"
    mvn.write_text(MVN)
    mvn.chmod(0o755)
    write_json(simulated_report(), kept)
    for _ in range(effort(2, 6, 30)):
        # A fresh one each time: an official run begins with empty balances.
        target = f"127.0.0.1:{serve('slow_update')}"
        words = (LONG | SHORT)[command].format(target=target, kept=kept)
        code, out = interrupted(words, tmp_path, random.uniform(0, 1.5))
        assert "Traceback" not in out, out
        assert "Interrupt" not in out, out
        assert code in STOPPED or (command in SHORT and code == 0), (code, out)


def test_the_rest_of_a_long_schedule_is_not_waited_for(serve: Serve) -> None:
    """Ctrl-C ends a load of a day as soon as a short one, and its report is written."""
    words = f"-m loadtest run 127.0.0.1:{serve()} -r 100000 -c 2 -d 1440m"
    running = subprocess.Popen(
        [sys.executable, *words.split()], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
    try:
        # Its worker is there from the start of the load on.
        wait_until(lambda: children.read_text().strip())
        running.send_signal(signal.SIGINT)
        out, _ = running.communicate(timeout=DEADLINE_S)
    finally:
        running.kill()
    assert running.returncode == 130
    assert ", stopped after " in out


def test_a_run_under_nohup_outlives_its_terminal(serve: Serve) -> None:
    """An ignored SIGHUP ends no load: a closed terminal sends it to each process."""
    words = f"-m loadtest run 127.0.0.1:{serve()} -c 1 -d 2"
    running = subprocess.Popen(
        ["nohup", sys.executable, *words.split()], cwd=ROOT, text=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
    try:
        wait_until(lambda: children.read_text().strip())
        time.sleep(0.5)
        os.killpg(running.pid, signal.SIGHUP)
        out, _ = running.communicate(timeout=DEADLINE_S)
    finally:
        running.kill()
    assert (running.returncode, "SIGHUP" in out) == (0, False), out


def test_ctrl_c_on_the_live_screen_gives_the_terminal_back(serve: Serve) -> None:
    """Ctrl-C on the live screen exits with 130 and restores the terminal."""
    words = ["-m", "loadtest", "run", f"127.0.0.1:{serve()}", "-d", "60"]
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(ROOT)
        os.environ["TERM"] = "xterm"
        os.execv(sys.executable, [sys.executable, *words])  # noqa: S606 - on its own terminal
    before, seen, pressed = termios.tcgetattr(terminal), b"", False
    with contextlib.suppress(OSError):
        while part := os.read(terminal, 65_536):
            seen += part
            if not pressed and b"q ends the run" in seen:
                pressed = True
                os.write(terminal, b"\x03")
                _, code = os.waitpid(child, 0)
                assert os.waitstatus_to_exitcode(code) == 130
                assert termios.tcgetattr(terminal)[3] == before[3]
    os.close(terminal)
    assert pressed, seen
    assert b"Traceback" not in seen


def test_a_job_in_the_background_is_not_stopped(serve: Serve) -> None:
    """A run in the background of a terminal reads no keys, for which the kernel would stop it."""
    words = ["-m", "loadtest", "run", f"127.0.0.1:{serve()}", "-c", "1", "-d", "0.5"]
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(ROOT)
        os.environ["TERM"] = "xterm"
        job = os.fork()
        if job == 0:
            os.setpgid(0, 0)
            os.execv(sys.executable, [sys.executable, *words])  # noqa: S606 - as a shell's `&`
        _, status = os.waitpid(job, os.WUNTRACED)
        os.killpg(job, signal.SIGKILL) if os.WIFSTOPPED(status) else None
        os._exit(os.WIFSTOPPED(status))
    with contextlib.suppress(OSError):
        while os.read(terminal, 65_536):
            pass
    os.close(terminal)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
