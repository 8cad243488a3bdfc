"""A log reader that stops reading blocks no request, no stop and no start."""

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.part import answers
from stack.parts import INSTANCE
from tests.help.commands import wait_until
from tests.help.instance_sockets import STATEMENT
from tests.help.ports import free_port
from tests.help.running import ANSWER_MAX_S, ROOT, STOP_MAX_S, Client
from tests.help.unread_pipe import UnreadPipe

# Starts the watch with this shell as its Litestream; the shell then stops itself.
STANDS_STILL = 'export RINHA_LITESTREAM_PID=$$; "$0" -m rinha replicate watchdog & kill -STOP $$'


@pytest.fixture
def pipe() -> UnreadPipe:
    return UnreadPipe()


def environment(folder: Path, **settings: str) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "RINHA_LEDGER": str(folder / "rinha.db"),
        "RINHA_METRICS": "on",
        **settings,
    }


@pytest.fixture
def port(tmp_path: Path, pipe: UnreadPipe) -> Iterator[int]:
    """An instance without a proxy, with an unread log."""
    port = free_port()
    process = subprocess.Popen(
        INSTANCE,
        cwd=tmp_path,
        env=environment(tmp_path, RINHA_LISTEN=f"127.0.0.1:{port}"),
        stderr=pipe.write_fd,
    )
    wait_until(lambda: answers("127.0.0.1", port, "/health"))
    yield port
    process.terminate()
    assert process.wait(STOP_MAX_S) == 0


def test_requests_and_stops_go_on(tmp_path: Path, pipe: UnreadPipe, port: int) -> None:
    """An instance with an unread log answers errors, recovers and ends in time."""
    client = Client(port)
    ledger, away = tmp_path / "rinha.db", tmp_path / "away.db"
    ledger.rename(away)
    while client("GET", "/health").status != 503:
        time.sleep(0.02)
    assert client.transact(1, 1, "c").status == 503
    assert client("GET", "/clientes/1/extrato").status == 503
    away.rename(ledger)
    while client("GET", "/health").status != 200:
        time.sleep(0.02)
    assert client.transact(1, 1, "c").status == 200
    assert client.extrato(1)["saldo"]["total"] == 1


def vanish(port: int) -> None:
    """Sends 50 requests, and resets each connection at once."""
    for _ in range(50):
        with socket.create_connection(("127.0.0.1", port)) as vanishing:
            vanishing.sendall(STATEMENT)
            vanishing.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_clients_may_vanish(port: int) -> None:
    """C code that reports a client that has vanished does not wait for the log either."""
    vanish(port)
    assert Client(port).extrato(1)["saldo"]["total"] == 0


def test_the_log_has_json_until_a_crash(tmp_path: Path) -> None:
    """A client that vanishes adds no line. A crash of C code adds Python's stack."""
    port = free_port()
    settings = environment(tmp_path, RINHA_LISTEN=f"127.0.0.1:{port}")
    process = subprocess.Popen(INSTANCE, cwd=tmp_path, env=settings, stderr=subprocess.PIPE)
    wait_until(lambda: answers("127.0.0.1", port, "/health"))
    vanish(port)
    wait_until(lambda: answers("127.0.0.1", port, "/health"))
    process.send_signal(signal.SIGSEGV)
    log, crash, stack = process.communicate()[1].partition(b"Fatal Python error")
    assert [json.loads(line)["event"] for line in log.splitlines()] == ["started"]
    assert crash
    assert b"server.py" in stack


def test_the_watch_of_a_copy_goes_on(tmp_path: Path, pipe: UnreadPipe) -> None:
    """The watch kills a stopped Litestream even when it cannot log this."""
    process = subprocess.Popen(
        ["sh", "-c", STANDS_STILL, sys.executable],
        cwd=tmp_path,
        env=environment(tmp_path, RINHA_REPLICA=f"file://{tmp_path}/copy"),
        stderr=pipe.write_fd,
    )
    try:
        assert process.wait(ANSWER_MAX_S) == -signal.SIGKILL
    finally:
        process.kill()
