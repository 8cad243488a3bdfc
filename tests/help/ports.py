"""Ports that nobody else has."""

import contextlib
import random
import socket


def free_port() -> int:
    return free_ports(1)


def free_ports(count: int) -> int:
    """The first of so many in a row, below those that the kernel gives to connections, one of which
    could take it in between."""
    while True:
        first = random.randint(20_000, 32_000)
        with contextlib.suppress(OSError), contextlib.ExitStack() as probes:
            for port in range(first, first + count):
                probe = probes.enter_context(socket.socket())
                probe.bind(("", port))
            return first
