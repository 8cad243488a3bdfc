"""Commands that end early: by Ctrl-C, or since their output is read no more."""

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stack.usage import seconds, stat_of
from tests.help.commands import interruptible, wait_until
from tests.help.running import finish, rinha


@pytest.fixture
def file(tmp_path: Path) -> str:
    """An empty ledger."""
    file = str(tmp_path / "rinha.db")
    assert finish(rinha("init", RINHA_LEDGER=file))[0] == 0
    return file


def test_ctrl_c_ends_a_command_without_a_traceback(file: str) -> None:
    """Ctrl-C ends a command with exit code 130 and no output."""
    with interruptible(), Path(f"{file}.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = rinha("check", RINHA_LEDGER=file)
        wait_until(lambda: f"{file}.lock" in opened_by(waiting))
        waiting.send_signal(signal.SIGINT)
        assert finish(waiting) == (130, "", "")


def test_ctrl_c_ends_a_statement(file: str) -> None:
    """Ctrl-C also ends a statement that SQLite is computing."""
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    with interruptible():
        asking = rinha("sql", endless, RINHA_LEDGER=file)
        wait_until(lambda: file in opened_by(asking))
        # Half a second more of CPU: it computes, whatever the machine is busy with.
        until_s = cpu_s(asking) + 0.5
        wait_until(lambda: cpu_s(asking) > until_s)
        asking.send_signal(signal.SIGINT)
        assert finish(asking) == (130, "", "")


@pytest.mark.parametrize("program", ["rinha check", "stack url"])
def test_a_reader_that_ends_first_is_no_error(program: str, file: str) -> None:
    """A command whose output is read no more, as by `head`, ends like any other program: by the
    exit code of SIGPIPE, and without a message."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", *program.split()]
    environment = {**os.environ, "RINHA_LEDGER": file}
    done = subprocess.run(command, stdout=writing, stderr=-1, env=environment, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, b"")


def cpu_s(process: subprocess.Popen[str]) -> float:
    return seconds(stat_of(process.pid)[11:13])


def opened_by(process: subprocess.Popen[str]) -> set[str]:
    # Unlike readlink, it returns a path for a descriptor that has been closed meanwhile.
    return {str(each.resolve()) for each in Path(f"/proc/{process.pid}/fd").iterdir()}
