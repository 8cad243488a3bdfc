"""Entries that close a kept connection without `Connection: close`, as many written by hand do."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from loadtest.crebitos.state import hello
from loadtest.wire.engine import Engine
from loadtest.wire.outcome import Failure
from loadtest.wire.request import Address
from tests.loadtest.command import loadtest
from tests.loadtest.conftest import Serve

ANSWER = b"HTTP/1.1 200 X\r\nContent-Length: 2\r\n\r\n{}"


def unseen(peer: socket.socket, send: Callable[[], object]) -> None:
    """Closes the connection before the next request is sent."""
    peer.close()
    send()


def unread(peer: socket.socket, send: Callable[[], object]) -> None:
    """Closes the connection with the next request in its buffer."""
    send()
    peer.recv(1, socket.MSG_PEEK)
    peer.close()


def read(peer: socket.socket, send: Callable[[], object]) -> None:
    """Closes the connection in place of the answer to the next request."""
    send()
    peer.recv(65_536)
    peer.close()


@pytest.mark.parametrize(
    ("close", "failure"),
    [
        (unseen, Failure.KEPT_CLOSED),
        (unread, Failure.KEPT_CLOSED),
        (read, Failure.CLOSED),
    ],
)
def test_a_request_that_nobody_read_is_told_from_a_lost_answer(
    close: Callable[[socket.socket, Callable[[], object]], None], failure: Failure
) -> None:
    """Only a request that the peer cannot have read failed by the end of a kept connection."""
    codes: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = Address("127.0.0.1", listener.getsockname()[1])
        engine = Engine(address, lambda *ended: codes.append(ended[1]), timeout_s=10)
        engine.start(hello(address), 0)
        peer, _ = listener.accept()
        with peer:
            peer.recv(65_536)
            peer.sendall(ANSWER)
            while not codes:
                engine.turn(1)
            close(peer, lambda: engine.start(hello(address), 0))
            while len(codes) == 1:
                engine.turn(1)
        engine.close()
    assert codes == [200, failure]


@pytest.mark.parametrize("edition", ["crebitos", "pessoas"])
def test_a_closed_connection_breaks_no_rule(serve: Serve, edition: str) -> None:
    """A request lost with a kept connection is sent again, as by curl, browsers and Gatling."""
    port = serve(edition=edition, closes=True)
    ran = loadtest("check", f"127.0.0.1:{port}", "--edition", edition, "--no-strict")
    assert ran.code == 0, ran.out


def test_a_closed_connection_is_no_wrong_answer(serve: Serve, tmp_path: Path) -> None:
    """Gatling finds no wrong answer of such an entry, so the official run finds none."""
    port = serve(closes=True)
    ran = loadtest("official", f"127.0.0.1:{port}", "--scale", 0.005, folder=tmp_path)
    assert (ran.official.counts.ko, ran.official.counts.consistency) == (0, 0), ran.out
    assert ran.official.complete
    assert ran.is_right, ran.out
