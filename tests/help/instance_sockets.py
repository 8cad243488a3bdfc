"""Connections to one instance by its socket, past nginx, and requests that arrive together."""

import contextlib
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

from tests.help.commands import wait_until
from tests.help.running import ANSWER_MAX_S

STOPPED = ("T (stopped)", "t (tracing stop)")
STATEMENT = b"GET /clientes/3/extrato HTTP/1.1\r\nHost: x\r\n\r\n"


def transaction(cliente: int, valor: int, tipo: str, descricao: str) -> bytes:
    """Returns a request as bytes."""
    body = b'{"valor": %d, "tipo": "%b", "descricao": "%b"}'
    body %= (valor, tipo.encode(), descricao.encode())
    head = b"POST /clientes/%d/transacoes HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
    return head % (cliente, len(body)) + body


def connected(path: Path) -> socket.socket:
    """Connects to an instance, and asks it once, so that it has accepted the connection."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(ANSWER_MAX_S)
    connection.connect(str(path))
    connection.sendall(STATEMENT)
    assert answer(connection).startswith(b"HTTP/1.1 200")
    return connection


def answer(connection: socket.socket) -> bytes:
    got = got_before_the_end(connection)
    assert got.endswith(b"}"), got
    return got


def got_before_the_end(connection: socket.socket) -> bytes:
    """Returns what is received until an answer is whole or the connection is closed."""
    got = b""
    while not got.endswith(b"}") and (piece := connection.recv(4096)):
        got += piece
    return got


@contextlib.contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Stops an instance, so that it finds all requests of this block at once."""
    os.kill(pid, signal.SIGSTOP)
    # A traced process has another state when it is stopped.
    status = Path(f"/proc/{pid}/status")
    wait_until(lambda: any(state in status.read_text() for state in STOPPED))
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
