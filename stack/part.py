"""A part: one program of a stack, as every runner starts it."""

import contextlib
import http.client
import os
import signal
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from stack.machines import Machine

HERE = Machine()
# The first answer of a slow machine takes seconds.
ANSWER_MAX_S = 20.0
POLL_S = 0.02


class Share(NamedTuple):
    """Limits of a part."""

    cpus: float
    memory_mb: int


@dataclass(frozen=True)
class Part:
    """One program of a stack. Parts start in their order, and stop in the reverse order."""

    name: str
    command: Sequence[str | Path]
    # None: no limits.
    share: Share | None = None
    # What it gets beside the environment of the runner.
    environment: Mapping[str, str] = field(default_factory=dict)
    # For a part that others need: tells if they can use it.
    is_ready: Callable[[], bool] | None = None
    # Account that runs the part when root starts it.
    user: str | None = None
    machine: Machine = HERE
    # Where it starts, relative to the folder of the stack.
    folder: Path = Path()
    # Writes the files that the command reads, before any part starts.
    prepare: Callable[[], object] | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    # Whether it starts beside a predecessor that still serves, and ends it then: nginx.
    takes_over: bool = False
    # Whether it tells systemd that it is ready and alive: see rinha/notify.py.
    reports: bool = False
    # Whether it needs more than Unix sockets, and the ports that it listens on.
    uses_network: bool = False
    ports: Sequence[int] = ()
    # Folders that it writes, besides those of the stack.
    writes: Sequence[Path] = ()
    # Parts of one kind stop at the same time. Without it a part is alone.
    kind: str = ""

    @property
    def program(self) -> str:
        return Path(self.command[0]).name

    @property
    def pid_file(self) -> str:
        """The file in which a part that takes over writes its pid, once it serves."""
        return f"{self.name}.pid"

    @property
    def prefix(self) -> list[str]:
        """The arguments in front of the command: its machine, and its account."""
        return [*self.machine.enter, *(become(self.user) if self.user else [])]


def become(name: str) -> list[str]:
    """Returns the prefix that runs a command as another account: none unless we are root."""
    command = ["setpriv", f"--reuid={name}", f"--regid={name}", "--init-groups"]
    return command if os.geteuid() == 0 else []


def wait_until(holds: Callable[[], bool], at_most_s: float) -> bool:
    """Waits until the condition holds; returns False on a timeout."""
    deadline = time.monotonic() + at_most_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


def listens(address: Path | tuple[str, int], timeout_s: float = 1.0) -> bool:
    """Tells if a program listens on a socket, whose path may be longer than the kernel accepts."""
    with socket.socket(socket.AF_UNIX if isinstance(address, Path) else socket.AF_INET) as probe:
        probe.settimeout(timeout_s)
        if not isinstance(address, Path):
            return probe.connect_ex(address) == 0
        with contextlib.suppress(FileNotFoundError):
            folder = os.open(address.parent, os.O_PATH | os.O_DIRECTORY)
            try:
                return probe.connect_ex(f"/proc/self/fd/{folder}/{address.name}") == 0
            finally:
                os.close(folder)
        return False


def answers(host: str, port: int, path: str, timeout_s: float = ANSWER_MAX_S) -> bool:
    """Tells if a GET of the path is answered with 200."""
    return request("GET", host, port, path, timeout_s)[0] == 200


def request(
    method: str, host: str, port: int, path: str, timeout_s: float = ANSWER_MAX_S
) -> tuple[int, bytes]:
    """Sends a request; returns the status and the body, or 0 without an answer."""
    connection = http.client.HTTPConnection(host, port, timeout=timeout_s)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        connection.request(method, path)
        response = connection.getresponse()
        return response.status, response.read()
    return 0, b""
