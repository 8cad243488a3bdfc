"""Group commit with FULL: many requests share a sync, and its failure breaks their answers off."""

import http.client
import os
import signal
import socket
from pathlib import Path

import pytest

from tests.help.commands import wait_until
from tests.help.ledger_process import traced
from tests.help.running import ANSWER_MAX_S, Stack

AT_ONCE = 8
BODY = b'{"valor": 1, "tipo": "c", "descricao": "abc"}'
CREDIT = b"POST /clientes/3/transacoes HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (
    len(BODY),
    BODY,
)
STOPPED = ("T (stopped)", "t (tracing stop)")
STATEMENT = b"GET /clientes/3/extrato HTTP/1.1\r\nHost: x\r\n\r\n"


def connected(path: Path) -> socket.socket:
    """Connects to an instance, and asks it once, so that it has accepted the connection."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(ANSWER_MAX_S)
    connection.connect(str(path))
    connection.sendall(STATEMENT)
    assert answer(connection).startswith(b"HTTP/1.1 200")
    return connection


def answer(connection: socket.socket) -> bytes:
    got = b""
    while not got.endswith(b"}"):
        piece = connection.recv(4096)
        assert piece, got
        got += piece
    return got


def wait_until_stopped(pid: int) -> None:
    """Waits until a process is stopped; a traced one has another state then."""
    status = Path(f"/proc/{pid}/status")
    wait_until(lambda: any(state in status.read_text() for state in STOPPED))


def test_requests_that_are_there_together_share_a_sync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An instance that finds several requests answers them all after one sync, or two at most."""
    with Stack(tmp_path, instances=1, RINHA_SYNCHRONOUS="FULL") as stack:
        assert stack.client().transact(3, 1, "c").status == 200
        monkeypatch.chdir(tmp_path)
        connections = [connected(Path("api01.sock")) for _ in range(AT_ONCE)]
        pid, log = stack.instances[0].pid, tmp_path / "strace.log"
        with traced(log, pid, "--trace=fdatasync,fsync") as tracing:
            os.kill(pid, signal.SIGSTOP)
            wait_until_stopped(pid)
            for connection in connections:
                connection.sendall(CREDIT)
            os.kill(pid, signal.SIGCONT)
            saldos = [answer(connection).split(b'"saldo":')[1] for connection in connections]
        for connection in connections:
            connection.close()
    assert len(set(saldos)) == AT_ONCE
    syncs = sum(len(calls) for calls in tracing.calls.values())
    print(f"{syncs} syncs for {AT_ONCE} answers")
    assert 1 <= syncs <= 2


def test_an_answer_whose_sync_failed_never_ends(tmp_path: Path) -> None:
    """An answer whose sync failed is cut off, the error is logged, and the next answer is whole."""
    with Stack(tmp_path, instances=1, RINHA_SYNCHRONOUS="FULL") as stack:
        client = stack.client()
        assert client.transact(3, 1, "c").status == 200
        pid, log = stack.instances[0].pid, tmp_path / "strace.log"
        with (
            traced(log, pid, "--inject=fdatasync:error=EIO:when=1") as tracing,
            pytest.raises(http.client.IncompleteRead),
        ):
            client.transact(3, 1, "c")
        assert tracing.injected == 1
        assert stack.client().transact(3, 1, "c").json["saldo"] == 3
        stack.stop()
        [error] = [line for line in stack.logs() if line["level"] == "error"]
        assert "a power cut may undo it" in error["traceback"]
