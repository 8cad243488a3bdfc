"""Ports that nobody else has."""

import contextlib
import random
import socket


def free_port() -> int:
    """Below those that the kernel gives to connections, one of which could take it in between."""
    while True:
        port = random.randint(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("", port))
            return port
