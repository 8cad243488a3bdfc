"""Reports to systemd when an instance is ready, as long as it answers, and when it stops.

A thread sends requests to the instance's own address. A thread that only waited would report an
instance that is blocked in a request as alive.
"""

import contextlib
import os
import signal
import socket
import threading
import time
from pathlib import Path

from rinha.settings import SELF_CHECK_EVERY_S, SELF_CHECK_MAX_S

REQUEST = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
ANSWER = b"HTTP/1.1 "


def send(state: str) -> None:
    """Sends a state to systemd, if it has started this process with Type=notify."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if path:
        address = f"\0{path[1:]}" if path.startswith("@") else path
        # A supervisor that is gone must not end an instance.
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
            to.setblocking(False)
            to.sendto(state.encode(), address)


def report(address: Path | tuple[str, int]) -> None:
    """Starts the thread that reports, if systemd asks for reports."""
    if os.environ.get("NOTIFY_SOCKET"):
        threading.Thread(target=_report, args=(address,), name="notify", daemon=True).start()


def _report(address: Path | tuple[str, int]) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    while not _is_answered(address):
        time.sleep(SELF_CHECK_EVERY_S)
    send("READY=1")
    timeout_us = int(os.environ.get("WATCHDOG_USEC") or 0)
    while timeout_us:
        # Three checks within each timeout.
        time.sleep(timeout_us / 3 / 1_000_000)
        if _is_answered(address):
            send("WATCHDOG=1")


def _is_answered(address: Path | tuple[str, int]) -> bool:
    """Tells if the instance answers a request with any status.

    A restart does not repair a ledger that cannot be read, so 503 is an answer too.
    """
    with contextlib.suppress(OSError), _connect(address) as client:
        client.sendall(REQUEST)
        return client.recv(len(ANSWER)) == ANSWER
    return False


def _connect(address: Path | tuple[str, int]) -> socket.socket:
    if isinstance(address, tuple):
        return socket.create_connection(address, SELF_CHECK_MAX_S)
    client = socket.socket(socket.AF_UNIX)
    try:
        client.settimeout(SELF_CHECK_MAX_S)
        client.connect(str(address))
    except OSError:
        client.close()
        raise
    return client
