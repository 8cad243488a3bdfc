"""The socket on which an instance listens."""

import contextlib
import socket

from rinha.server import listen_on


def test_the_end_of_an_answer_does_not_wait_for_its_beginning() -> None:
    """The second part of an answer over TCP does not wait for the acknowledgement of the first."""
    with (
        contextlib.closing(listen_on(("127.0.0.1", 0))) as listener,
        socket.create_connection(listener.getsockname()),
    ):
        listener.setblocking(True)
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
