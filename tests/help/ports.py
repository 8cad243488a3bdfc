"""Free ports for the tests."""

import contextlib
import random
import socket


def free_port() -> int:
    return free_ports(1)


def free_ports(count: int) -> int:
    """Returns the first of so many free ports in a row. They are below the kernel's ephemeral
    ports, one of which a connection could take in between."""
    while True:
        first = random.randint(20_000, 32_000)
        with contextlib.suppress(OSError), contextlib.ExitStack() as probes:
            for port in range(first, first + count):
                probe = probes.enter_context(socket.socket())
                probe.bind(("", port))
            return first
