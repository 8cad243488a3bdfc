"""The port of the arena: one run has it at a time, and it must be free; who holds it if not."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from loadtest.arena.docker import EngineError, docker
from loadtest.measure.target.containers import PROC
from loadtest.measure.target.processes import target_processes
from loadtest.wire.outcome import printable

# This machine has no IPv6.
_NO_SUCH_FAMILY = {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL}


@contextmanager
def only_run(port: int) -> Iterator[None]:
    """Requires that no other run has the port, for as long as this one lasts.

    While images are built nothing listens there yet, and two runs of one entry would share its
    containers. A name of the kernel's own goes with its process, however that ends.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as name:
        try:
            name.bind(f"\0loadtest-arena-{port}")
        except OSError as error:
            raise EngineError(
                f"another `loadtest arena` runs on this machine, and needs port {port}: wait for it"
            ) from error
        yield


def require_free_port(port: int) -> None:
    """Requires that nothing listens on the port of the arena."""
    for family, host in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):  # noqa: S104
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, port))
                probe.listen()
        except OSError as error:
            if error.errno in _NO_SUCH_FAMILY:
                continue
            raise EngineError(
                f"port {port} is not free, {_holder(port)}: stop it, the arena needs the port"
            ) from error


def _holder(port: int) -> str:
    names = docker("ps", "--filter", f"publish={port}", "--format", "{{.Names}}").out.split()
    if names:
        return printable(f"container {names[0]} holds it (docker stop {names[0]})")
    pids = target_processes(port)
    if pids:
        return printable(f"{_program(pids[0])} (process {pids[0]}) holds it")
    return "a process of another user holds it"


def _program(pid: int) -> str:
    try:
        return (PROC / str(pid) / "comm").read_text(errors="replace").strip()
    except OSError:
        return "a program"
