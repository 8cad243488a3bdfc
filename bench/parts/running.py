"""The parts of a stack as child processes within their limits."""

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench.parts.cgroups import ControlGroups
from bench.parts.processes import Usage, process_tree, usage_of
from stack.part import Part

ROOT = Path(__file__).resolve().parent.parent.parent
# The arena waits this long for the first answer.
READY_MAX_S = 40.0
STOP_MAX_S = 5.0
POLL_S = 0.02
# How much of a log an error message quotes.
LOG_END_CHARACTERS = 300


class StackFailedError(Exception):
    """A stack that does not start or ends too early; the text quotes its log."""


@dataclass
class Running:
    """`with Running(parts, folder, port, ready_path, groups) as running: ...` starts the parts,
    waits until a GET of the path is answered with 200, and stops them."""

    parts: Sequence[Part]
    folder: Path
    port: int
    ready_path: str
    groups: ControlGroups
    # How long the start took.
    ready_s: float = 0.0
    _processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __enter__(self) -> "Running":
        began_at = time.monotonic()
        try:
            if port_is_used(self.port):
                raise StackFailedError(f"port {self.port} is in use by another program")
            for part in self.parts:
                self._start(part)
                if part.is_ready:
                    self._wait(part.is_ready)
            self._wait(self._answers)
            self.ready_s = time.monotonic() - began_at
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self, part: Part) -> None:
        limits = self.groups.command_prefix(part.name, *part.share) if part.share else []
        with self._log(part.name).open("wb") as log:
            self._processes[part.name] = subprocess.Popen(
                [*limits, *part.prefix, *part.command],
                cwd=self.folder,
                env={**os.environ, "PYTHONPATH": str(ROOT), **part.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C in the terminal reaches the benchmark only, which then stops the parts.
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
            time.sleep(POLL_S)

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=READY_MAX_S)
        with suppress(OSError, http.client.HTTPException):
            connection.request("GET", self.ready_path)
            return connection.getresponse().status == 200
        return False

    def assert_alive(self) -> None:
        for name, process in self._processes.items():
            if process.poll() is not None:
                log = self._log(name).read_text(errors="replace").strip()
                quoted = log[-LOG_END_CHARACTERS:]
                raise StackFailedError(f"{name} ended with {process.returncode}: {quoted}")

    def usage(self) -> dict[str, Usage]:
        return {
            name: usage_of(process_tree(process.pid)) for name, process in self._processes.items()
        }

    def stop(self) -> None:
        """Stops nginx first and the database last: the reverse order of their start."""
        for process in reversed(self._processes.values()):
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_MAX_S)
        for process in self._processes.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._processes.clear()


def port_is_used(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
