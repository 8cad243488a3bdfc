"""Servers for the tests: reference servers with a planted fault, and sockets that misbehave."""

import contextlib
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent

Serve = Callable[..., int]
ServePeople = Serve


@contextlib.contextmanager
def servers(program: str) -> Iterator[Serve]:
    """Yields a function that starts a reference server in its own process and returns its port."""
    running: list[subprocess.Popen[str]] = []

    def start(fault: str = "none", seed: int = 1) -> int:
        command = [sys.executable, str(HERE / program), "--fault", fault, "--seed", str(seed)]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        running.append(server)
        assert server.stdout is not None
        return int(server.stdout.readline())

    yield start
    for server in running:
        server.kill()
        server.wait()
        assert server.stdout is not None
        server.stdout.close()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts reference servers of crebitos."""
    with servers("reference_server.py") as start:
        yield start


@pytest.fixture
def serve_people() -> Iterator[ServePeople]:
    """Starts reference servers of pessoas."""
    with servers("people_server.py") as start:
        yield start


@pytest.fixture
def answer_with() -> Iterator[Callable[[Callable[[socket.socket], None]], int]]:
    """Starts a listener that calls a function for each request on any of its connections."""
    listeners: list[socket.socket] = []

    def start(respond: Callable[[socket.socket], None]) -> int:
        listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        listeners.append(listener)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threading.Thread(target=talk, args=(connection,), daemon=True).start()

        def talk(connection: socket.socket) -> None:
            with contextlib.suppress(OSError), connection:
                while connection.recv(65_536):
                    respond(connection)

        threading.Thread(target=accept, daemon=True).start()
        return int(listener.getsockname()[1])

    yield start
    for listener in listeners:
        listener.close()


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
