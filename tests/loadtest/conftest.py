"""Servers for the tests: reference servers with a planted fault, and sockets that misbehave."""

import contextlib
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAMS = {
    "crebitos": "tests.loadtest.ledger_server",
    "pessoas": "tests.loadtest.registry_server",
}
# An empty statement of client 1.
STATEMENT = (
    b'{"saldo": {"total": %d, "data_extrato": "2024-01-17T02:34:41Z", "limite": 100000}, '
    b'"ultimas_transacoes": []}'
)

Serve = Callable[..., int]
Respond = Callable[[Callable[[socket.socket], None]], int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Yields a function that starts a reference entry in its own process and returns its port."""
    running: list[subprocess.Popen[str]] = []

    def start(
        fault: str = "none", seed: int = 1, edition: str = "crebitos", **options: object
    ) -> int:
        program = [sys.executable, "-m", PROGRAMS[edition]]
        command = [*program, "--fault", fault, "--seed", str(seed)]
        command += [f"--{name}={value}" for name, value in options.items()]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        running.append(server)
        assert server.stdout is not None
        return int(server.stdout.readline())

    yield start
    for server in running:
        server.kill()
        server.wait()
        assert server.stdout is not None
        server.stdout.close()


def answering(status: int, body: bytes) -> Callable[[socket.socket], None]:
    """Returns a responder that answers each request with this status and body."""
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n\r\n"
    return lambda connection: connection.sendall(head.encode() + body)


@pytest.fixture
def answer_with() -> Iterator[Respond]:
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
