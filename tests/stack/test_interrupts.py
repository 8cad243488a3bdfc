"""Ctrl-C at any time of a command leaves no traceback, no process and no folder."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stack import drill, paths, submission
from stack.run.runit import Runit
from tests.help.checkout import Checkout, processes_in, wait_until_nothing_runs_in
from tests.help.commands import interruptible, wait_until
from tests.help.running import ANSWER_MAX_S, ROOT

# A shell reports both as 130.
ENDED = (130, -signal.SIGINT)


class Typed:
    """A command in a process group of its own, as a shell starts it; Ctrl-C reaches all of it."""

    def __init__(self, words: list[str], folder: Path, **environment: str) -> None:
        self.process = subprocess.Popen(
            words,
            cwd=folder,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=0,
        )

    def interrupt(self, moment: Callable[[], bool]) -> tuple[int, str]:
        """Sends Ctrl-C when the condition holds, or when the command has ended before."""
        wait_until(lambda: moment() or self.process.poll() is not None)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGINT)
        text, _ = self.process.communicate(timeout=ANSWER_MAX_S)
        return self.process.returncode, text


@pytest.fixture(autouse=True)
def ctrl_c() -> Iterator[None]:
    with interruptible():
        yield


def typed(checkout: Checkout, command: str, *options: str) -> Typed:
    ports = {"PORT": str(checkout.port), "OPS_PORT": str(checkout.ops_port)}
    return Typed([sys.executable, *options, "-m", "stack", command], checkout.folder, **ports)


def runs(folder: Path, words: str) -> Callable[[], bool]:
    return lambda: any(words in command for command in processes_in(folder).values())


def test_a_start_that_is_interrupted_leaves_nothing(checkout: Checkout) -> None:
    """A start that is interrupted at any stage leaves no process, and the next start works."""
    var = checkout.folder / "var"
    var.mkdir(mode=0o700)
    # A folder in place of its socket: the instance never starts, so `up` is still waiting.
    (var / "api02.sock").mkdir()
    written, listening = var / "service" / "nginx" / "run", var / "api01.sock"
    for moment in (runs(checkout.folder, "rinha init"), written.exists, listening.exists):
        code, text = typed(checkout, "up").interrupt(moment)
        assert (code, text) in [(code, "") for code in ENDED]
        # An instance whose runsv is gone has 2 s to end.
        checkout.wait_until_nothing_runs()
        (var / "runsvdir.pid").unlink(missing_ok=True)
    (var / "api02.sock").rmdir()
    assert checkout.stack("up")[0] == 0


@pytest.mark.starts
def test_a_start_is_stopped_however_slowly_it_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stop right after the start of the supervisor ends it, even if it is not yet executed."""
    slow = tmp_path / "bin" / "runsvdir"
    slow.parent.mkdir()
    slow.write_text(f'#!/bin/sh\nsleep 0.5\nPATH={os.environ["PATH"]} exec runsvdir "$@"\n')
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(paths, "HOME", tmp_path)
    monkeypatch.chdir(tmp_path)
    runit = Runit(Path("var"), stop_max_s=4)
    for folder in (runit.folder, runit.logs):
        folder.mkdir(parents=True)
    runit.start()
    runit.stop()
    left = processes_in(tmp_path).keys() - {os.getpid()}
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert not left


def test_a_stop_that_is_interrupted_is_a_stop(checkout: Checkout) -> None:
    """An interrupted stop still stops the stack."""
    assert checkout.stack("up")[0] == 0
    nginx = runs(checkout.folder, "nginx: master")
    code, text = typed(checkout, "down").interrupt(lambda: not nginx())
    assert "Traceback" not in text
    assert (code, text) in [
        *((code, "") for code in ENDED),
        (0, "rinha is down; its ledger stays\n"),
    ]
    checkout.wait_until_nothing_runs()
    assert checkout.stack("up")[0] == 0


def test_an_import_that_is_interrupted_says_nothing(checkout: Checkout) -> None:
    """Ctrl-C during the imports prints nothing.

    -X importtime shows when the first module of the project is imported.
    """
    for command in ("up", "down", "status", "logs", "stats", "check"):
        started = typed(checkout, command, "-X", "importtime")
        assert started.process.stdout
        for line in started.process.stdout:
            if line.rpartition("|")[2].strip() == "stack":
                break
        code, text = started.interrupt(lambda: True)
        said = [line for line in text.splitlines() if not line.startswith("import time:")]
        assert (code in ENDED, said) == (True, []), command
        checkout.wait_until_nothing_runs()


def test_logs_that_are_followed_end_in_silence(checkout: Checkout) -> None:
    """Ctrl-C ends `logs` without a traceback."""
    assert checkout.stack("up")[0] == 0
    followed = typed(checkout, "logs")
    assert followed.process.stdout
    assert followed.process.stdout.readline()
    code, text = followed.interrupt(lambda: True)
    assert (code, "Traceback" in text) == (130, False)


@pytest.mark.needs("nginx", "litestream")
@pytest.mark.parametrize("moment", ["first part", "load"])
def test_a_drill_that_is_interrupted_leaves_nothing(tmp_path: Path, moment: str) -> None:
    """An interrupted drill leaves neither a process nor its folder, which holds a ledger."""
    with tempfile.TemporaryDirectory() as name:
        # The path of a unix socket must be short.
        started = Typed([sys.executable, "-m", "stack.drill", "60"], ROOT, TMPDIR=name)
        folder = Path(name)
        if moment == "load":
            assert started.process.stdout
            assert "requests/s for 60 s" in started.process.stdout.readline()
        code, text = started.interrupt(lambda: bool(processes_in(folder)))
        assert (code, text) == (130, "")
        assert list(folder.iterdir()) == []
        wait_until_nothing_runs_in(folder)


def test_an_environment_that_is_interrupted_is_made_anew(checkout: Checkout) -> None:
    """An interrupted set-up shows no traceback, and its environment is not marked as complete."""
    (checkout.folder / ".venv").unlink()
    started = Typed([str(checkout.folder / "stack" / "setup.sh"), "lint"], checkout.folder)
    code, text = started.interrupt(runs(checkout.folder, "-m venv .venv"))
    assert (code, text) == (130, "making .venv\n")
    checkout.wait_until_nothing_runs()
    assert list((checkout.folder / ".venv").glob("*.made-for")) == []


@pytest.mark.parametrize(
    ("module", "args"),
    [
        *[("drill", args) for args in ([], ["soon"], ["0"], ["-1"], ["inf"], ["1", "2"])],
        *[("submission", args) for args in ([], ["me"], ["me", "i:1", "x"], ["a/b", "i:1"])],
        *[("submission", args) for args in (["me", ""], ["", "i:1"])],
    ],
)
def test_wrong_arguments_end_in_a_usage_line(
    module: str,
    args: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Wrong arguments give the usage and the error, and nothing is started."""
    monkeypatch.setattr("sys.argv", [module, *args])
    with pytest.raises(SystemExit, match="2"):
        {"drill": drill.main, "submission": submission.main}[module]()
    out, err = capsys.readouterr()
    assert (out, err.count("\n"), err.startswith("usage: make ")) == ("", 2, True)
