"""Litestream beside a stack, as a supervisor runs it, and restores from its replica."""

import contextlib
import json
import shutil
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rinha import settings
from stack.parts import Layout, parts_of
from stack.run.processes import Processes
from tests.help.commands import wait_until
from tests.help.running import Stack, finish, rinha

# Pause before a restart, as in runit.
BEGIN_ANEW_S = 1.0
TIMEOUT_S = 60.0


class Following:
    """A supervised Litestream: it is restarted whenever it ends, until `stop()`."""

    def __init__(self, folder: Path, replica: str, **environment: str) -> None:
        self.folder = folder
        self.replica = replica
        asked = {"RINHA_LEDGER": "rinha.db", "RINHA_REPLICA": replica, **environment}
        parts = parts_of(Layout(settings.load(asked), folder))
        parts = [part for part in parts if part.name == "replica"]
        self._processes = Processes(parts, folder, asked)
        self._processes.start()
        self.begun = 1
        self._ends = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise)
        self._supervisor.start()

    def __enter__(self) -> "Following":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Pid of Litestream."""
        return self._processes["replica"].pid

    @property
    def watcher(self) -> int | None:
        threads = Path(f"/proc/{self.pid}/task").glob("*/children")
        found = [pid for children in threads for pid in children.read_text().split()]
        return int(found[0]) if found else None

    def stop(self, how: int = signal.SIGTERM) -> None:
        self._ends.set()
        self._processes["replica"].send_signal(signal.SIGCONT)
        self._processes["replica"].send_signal(how)
        self._supervisor.join()

    def logs(self) -> list[dict[str, Any]]:
        """Returns the JSON lines of the log, Litestream's and rinha's."""
        lines = (self.folder / "replica.log").read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def events(self) -> list[str]:
        return [str(line["event"]) for line in self.logs() if "event" in line]

    def state(self) -> tuple[int, str]:
        """Returns the exit code and the output of `rinha replicate state`."""
        asked = rinha(
            "replicate",
            "state",
            RINHA_LEDGER=str(self.folder / "rinha.db"),
            RINHA_REPLICA=self.replica,
        )
        code, out, err = finish(asked)
        assert err == ""
        return code, out

    def wait_until_follows(self, timeout_s: float = TIMEOUT_S) -> None:
        wait_until(lambda: self.state()[0] == 0, lambda: (self.state(), self.log_text()), timeout_s)

    def wait_until_behind(self, timeout_s: float = TIMEOUT_S) -> str:
        """Waits until `rinha replicate state` fails, and returns its output."""
        wait_until(lambda: self.state()[0] != 0, self.log_text, timeout_s)
        return self.state()[1]

    def wait_for(self, event: str, times: int = 1, timeout_s: float = TIMEOUT_S) -> None:
        wait_until(
            lambda: self.events().count(event) >= times,
            lambda: (event, self.log_text()),
            timeout_s,
        )

    def log_text(self) -> str:
        return (self.folder / "replica.log").read_text()

    def _supervise(self) -> None:
        while True:
            self._processes["replica"].wait()
            if self._ends.wait(BEGIN_ANEW_S):
                return
            self._processes.start_part("replica")
            self.begun += 1


def lose(folder: Path) -> None:
    """Removes a folder, although Litestream still writes and removes files in it."""
    while folder.exists():
        shutil.rmtree(folder, ignore_errors=True)


def restore(file: Path, replica: str, *words: str, **environment: str) -> tuple[int, str]:
    """Runs `rinha restore` to this file; returns its exit code and output."""
    done = rinha("restore", *words, RINHA_LEDGER=str(file), RINHA_REPLICA=replica, **environment)
    code, out, err = finish(done)
    return code, out + err


@contextlib.contextmanager
def replicated(folder: Path, replica: str, **environment: str) -> Iterator[tuple[Stack, Following]]:
    """Runs a stack in `ledger` of the folder with its replica, once that is complete."""
    ledger = folder / "ledger"
    with Stack(ledger) as stack, Following(ledger, replica, **environment) as following:
        following.wait_until_follows()
        yield stack, following
