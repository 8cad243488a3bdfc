"""The stack of the one-file executable in its own folder, and its processes."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.help.checkout import processes_in
from tests.help.ports import free_port
from tests.help.running import ANSWER_MAX_S, START_MAX_S, Client

# runsvdir, a runsv and an svlogd for each of three services, two instances, nginx and its worker.
PROCESSES = 11


class OneFile:
    """Has the methods of Stack that the load's tests need."""

    def __init__(self, executable: Path, folder: Path) -> None:
        self.executable = executable
        self.folder = folder
        self.file = folder / "var" / "rinha.db"
        self.port, self.ops_port = free_port(), free_port()

    def run(self, *words: str, **environment: str) -> tuple[int, str]:
        done = subprocess.run(
            [self.executable, *words],
            cwd=self.folder,
            env={
                **os.environ,
                "PORT": str(self.port),
                "OPS_PORT": str(self.ops_port),
                **environment,
            },
            capture_output=True,
            text=True,
            timeout=ANSWER_MAX_S,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def processes(self) -> dict[int, str]:
        return processes_in(self.folder)

    def wait_until_it_answers(self) -> None:
        self._wait(self._answers, "does not answer")

    def wait_until_whole(self) -> None:
        self._wait(lambda: len(self.processes()) == PROCESSES, "is not whole")
        self.wait_until_it_answers()

    def _wait(self, holds: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + START_MAX_S
        while not holds():
            assert time.monotonic() < deadline, f"it {what}: {self.processes()}"
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            return Client(self.port)("GET", "/health").status == 200
        except OSError:
            return False
