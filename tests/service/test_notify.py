"""An instance reports to systemd that it is ready, that it answers, and that it stops."""

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rinha import notify
from rinha.sqlite.lock import lock_file_of
from stack.part import listens, wait_until
from tests.help.running import ROOT

pytestmark = pytest.mark.starts
TIMEOUT_S = 60.0
HEARTBEAT_S = 0.3
# Three heartbeats come in HEARTBEAT_S. A request waits twice as long for the lock as these take.
HEARTBEATS_MAX = 50
LOCK_WAIT_MS = 10_000
BODY = b'{"valor": 1, "tipo": "c", "descricao": "abc"}'
TRANSACTION = (
    b"POST /clientes/1/transacoes HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(BODY), BODY)
)


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[socket.socket]:
    """The socket on which systemd reads the reports."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as found:
        found.bind(str(tmp_path / "notify"))
        found.settimeout(TIMEOUT_S)
        yield found


@pytest.fixture
def instance(supervisor: socket.socket, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """An instance that systemd has started with a watchdog."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "NOTIFY_SOCKET": str(tmp_path / "notify"),
        "WATCHDOG_USEC": str(int(HEARTBEAT_S * 1_000_000)),
        "RINHA_LEDGER": "rinha.db",
        "RINHA_LISTEN": "unix:api01.sock",
        "RINHA_LOCK_WAIT_MS": str(LOCK_WAIT_MS),
    }
    command = [sys.executable, "-m", "rinha", "serve"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL
    ) as found:
        try:
            yield found
        finally:
            found.kill()


def heartbeats(supervisor: socket.socket) -> int:
    """Returns the number of heartbeats until none has come for longer than systemd would wait."""
    supervisor.settimeout(2 * HEARTBEAT_S)
    count = 0
    with contextlib.suppress(TimeoutError):
        while count < HEARTBEATS_MAX:
            supervisor.recv(99)
            count += 1
    supervisor.settimeout(TIMEOUT_S)
    return count


def test_reports_of_an_instance(
    instance: subprocess.Popen[bytes], supervisor: socket.socket
) -> None:
    """An instance reports READY first, then heartbeats, and STOPPING before it ends."""
    assert supervisor.recv(99) == b"READY=1"
    assert [supervisor.recv(99) for _ in range(2)] == [b"WATCHDOG=1"] * 2
    instance.send_signal(signal.SIGTERM)
    while (report := supervisor.recv(99)) == b"WATCHDOG=1":
        pass
    assert report == b"STOPPING=1"
    assert instance.wait(TIMEOUT_S) == 0


def test_an_instance_blocked_in_a_request_sends_no_heartbeat(
    instance: subprocess.Popen[bytes], supervisor: socket.socket, tmp_path: Path
) -> None:
    """A request that waits for the write lock stops the heartbeats until it is answered."""
    assert supervisor.recv(99) == b"READY=1"
    with (
        lock_file_of(tmp_path / "rinha.db").open() as lock,
        socket.socket(socket.AF_UNIX) as client,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)
        client.connect(str(tmp_path / "api01.sock"))
        client.sendall(TRANSACTION)
        # The first ones may come before the instance reads the request.
        assert heartbeats(supervisor) < HEARTBEATS_MAX
    assert supervisor.recv(99) == b"WATCHDOG=1"
    assert instance.poll() is None


def test_a_server_that_does_not_answer_is_not_alive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection without an answer does not count: the instance hangs in a request."""
    monkeypatch.setattr(notify, "SELF_CHECK_MAX_S", 0.1)
    path = tmp_path / "hangs.sock"
    assert not notify._is_answered(path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        assert not notify._is_answered(path)


def test_a_report_without_its_reader_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An instance outlives a supervisor that is gone, and one that never was."""
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    notify.send("READY=1")
    monkeypatch.delenv("NOTIFY_SOCKET")
    notify.send("READY=1")


@pytest.mark.parametrize("line", ["CONNECT localhost:80 HTTP/1.1", "GET http://localhost HTTP/1.1"])
def test_a_request_without_a_path_is_the_clients_error(
    instance: subprocess.Popen[bytes], tmp_path: Path, line: str
) -> None:
    """An instance that is asked without nginx answers 404 where the URL has no path."""
    assert wait_until(lambda: listens(tmp_path / "api01.sock"), TIMEOUT_S)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(tmp_path / "api01.sock"))
        client.sendall(f"{line}\r\nHost: localhost\r\n\r\n".encode())
        assert client.recv(100).startswith(b"HTTP/1.1 404 ")
    assert instance.poll() is None
