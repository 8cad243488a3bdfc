"""Bytes sent and received: counted at the connection, exactly."""

import socket
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from time import perf_counter_ns as clock_ns

import pytest

from loadtest.report.data import Throughput
from loadtest.wire.engine import Engine
from loadtest.wire.request import CHECK, Address, Request, post
from tests.loadtest.command import loadtest
from tests.loadtest.conftest import Respond, answering

BODY = b'{"limite": 100000, "saldo": -1}'
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 31\r\n\r\n" + BODY
ANSWER_MAX_S = 20.0


def in_pieces(*pieces: bytes) -> Callable[[socket.socket], None]:
    def respond(connection: socket.socket) -> None:
        for piece in pieces:
            connection.sendall(piece)

    return respond


@pytest.mark.parametrize(
    ("pieces", "reuse"),
    [
        ((PLAIN,), True),
        ((PLAIN,), False),
        ((PLAIN[:20], PLAIN[20:]), True),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n", b"x" * 300_000), True),
        ((b"HTTP/1.1 100 Continue\r\n\r\n", PLAIN), True),
    ],
    ids=["whole", "new connections", "parts", "long", "interim"],
)
def test_every_byte_is_counted(
    answer_with: Respond, pieces: tuple[bytes, ...], reuse: bool
) -> None:
    """The counts are the bytes of the requests and of the whole answers, once each."""
    target, ended = Address("127.0.0.1", answer_with(in_pieces(*pieces))), list[int]()
    requests = [Request(CHECK, post(target, "/", b"x" * size), reuse=reuse) for size in range(5)]
    with closing(Engine(target, lambda _, code, *__: ended.append(code), 20.0)) as engine:
        for number, request in enumerate(requests, 1):
            engine.start(request, clock_ns())
            while len(ended) < number:
                engine.turn(0.05)
        counted = engine.take_traffic()
        assert engine.take_traffic() == (0, 0)
    assert ended == [200] * 5
    assert counted == (sum(len(one.data) for one in requests), 5 * sum(map(len, pieces)))


def test_a_run_reports_its_bytes(answer_with: Respond, tmp_path: Path) -> None:
    """The report has the bytes of all workers, without those of the checks around the load."""
    port = answer_with(answering(200, BODY))
    words = ("run", f"127.0.0.1:{port}", "-n", 136, "-c", 4, "--workers", 2, "--no-checks")
    ran = loadtest(*words, folder=tmp_path)
    assert ran.is_right, ran.out
    throughput = ran.load.throughput
    assert isinstance(throughput, Throughput)
    assert throughput.received_bytes == 136 * len(
        b"HTTP/1.1 200 X\r\nContent-Length: 31\r\n\r\n" + BODY
    )
    assert 136 * 80 < throughput.sent_bytes < 136 * 300
    rate = throughput.received_bytes / ran.load.rate.elapsed_s
    assert throughput.received_bytes_per_s == pytest.approx(rate, rel=0.01)
    assert "MB/s, received" in ran.out


def test_a_connection_that_was_closed_meanwhile_is_not_used_again() -> None:
    """A sender that reads nothing first drops the idle connection that the server has closed."""
    ended = list[int]()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(ANSWER_MAX_S)
        target = Address("127.0.0.1", listener.getsockname()[1])
        request = Request(CHECK, post(target, "/", b"x"))
        with closing(Engine(target, lambda _, code, *__: ended.append(code), 20.0)) as engine:
            for number in (1, 2):
                engine.drop_closed()
                engine.start(request, clock_ns())
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65_536)
                    connection.sendall(PLAIN)
                    while len(ended) < number:
                        engine.turn(0.05)
    assert ended == [200, 200]
