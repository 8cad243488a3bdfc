"""What a stack is, and one that runs: its parts as processes within their limits."""

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from bench.parts.cgroups import ControlGroups
from bench.parts.processes import Usage, family, usage_of
from bench.plan import MAIN, Work

ROOT = Path(__file__).resolve().parent.parent.parent
# The arena gives a stack this long until the first statement is answered.
READY_MAX_S = 40.0
STOP_MAX_S = 5.0
LOOK_AGAIN_S = 0.02
WORDS_SHOWN = 300


class StackFailedError(Exception):
    """A stack that does not start or does not stay; the text says what it said last."""


class Share(NamedTuple):
    """Of the machine: all parts of a stack together may have 1.5 CPU and 550 MB."""

    cpus: float
    memory_mb: int


@dataclass(frozen=True)
class Part:
    """One program of a stack, started in the stack's folder when those before it are ready."""

    name: str
    command: Sequence[str | Path]
    share: Share
    environment: Mapping[str, str] = field(default_factory=dict)
    # For those that others wait for; the whole stack is ready when its port answers.
    is_ready: Callable[[], bool] | None = None
    # Whom to run as when root starts it.
    user: str | None = None


@dataclass(frozen=True)
class Stack:
    title: str
    # Given a folder of its own and the port, prepares the folder and names the parts.
    parts: Callable[[Path, int], list[Part]]
    works: tuple[Work, ...] = MAIN
    # Which files of the folder hold the ledger.
    data: str = "rinha.db*"
    # Whether a quick run has it too.
    quick: bool = False
    # What it answers with 200 once it is ready.
    hello: str = "/clientes/1/extrato"


class Running:
    """`with Running(stack, folder, port, groups) as running: ...`; starts and stops it."""

    def __init__(self, stack: Stack, folder: Path, port: int, groups: ControlGroups) -> None:
        self._stack = stack
        self.folder = folder
        self.port = port
        self.groups = groups
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.shares: dict[str, Share] = {}

    def __enter__(self) -> "Running":
        try:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    raise StackFailedError(f"somebody else listens on port {self.port}")
            for part in self._stack.parts(self.folder, self.port):
                self.shares[part.name] = part.share
                self._start(part)
                if part.is_ready:
                    self._wait(part.is_ready)
            self._wait(self._answers)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self, part: Part) -> None:
        entrance = self.groups.entrance(part.name, *part.share)
        become = ["setpriv", f"--reuid={part.user}", f"--regid={part.user}", "--init-groups"]
        with self._log(part.name).open("wb") as log:
            self._processes[part.name] = subprocess.Popen(
                [*entrance, *(become if part.user and os.geteuid() == 0 else []), *part.command],
                cwd=self.folder,
                env={**os.environ, "PYTHONPATH": str(ROOT), **part.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # A Ctrl-C at the terminal is for the benchmark, which then stops its stack.
                start_new_session=True,
            )

    def _log(self, part: str) -> Path:
        return self.folder / f"{part}.log"

    def _wait(self, is_ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY_MAX_S
        while not is_ready():
            self.assert_alive()
            if time.monotonic() > deadline:
                raise StackFailedError(f"not ready after {READY_MAX_S:g} s")
            time.sleep(LOOK_AGAIN_S)

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=READY_MAX_S)
        with suppress(OSError, http.client.HTTPException):
            connection.request("GET", self._stack.hello)
            return connection.getresponse().status == 200
        return False

    def assert_alive(self) -> None:
        for name, process in self._processes.items():
            if process.poll() is not None:
                words = self._log(name).read_text(errors="replace").strip()[-WORDS_SHOWN:]
                raise StackFailedError(f"{name} ended with {process.returncode}: {words}")

    def usage(self) -> dict[str, Usage]:
        return {name: usage_of(family(process.pid)) for name, process in self._processes.items()}

    def disk_bytes(self) -> int:
        files = [path for path in self.folder.glob(self._stack.data) if path.is_file()]
        return sum(path.stat().st_size for path in files)

    def stop(self) -> None:
        """The entrance first and the database last, as they were not started."""
        for process in reversed(self._processes.values()):
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_MAX_S)
        for process in self._processes.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._processes.clear()
