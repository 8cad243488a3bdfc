"""A proxy that breaks a connection to a PostgreSQL server after a chosen answer."""

import contextlib
import socket
import struct
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from tests.help.postgres import Server

# A message's type byte, and its length, which includes the length field.
HEADER = struct.Struct("!cI")
READY = b"Z"


class BreakingProxy:
    """A proxy for one server, with its socket in its own folder. `behind(n)` makes it stop after n
    more answers: the last one is forwarded whole, then the connection closes. The proxy accepts no
    other connection."""

    def __init__(self, server: Server) -> None:
        name = f".s.PGSQL.{server.port}"
        self._server = server.data / name
        self._left: int | None = None
        self.has_cut = False
        self._listener = socket.socket(socket.AF_UNIX)
        # In the server's, as the name of a socket must be short.
        self.folder = Path(tempfile.mkdtemp(dir=server.folder))
        self._listener.bind(str(self.folder / name))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def behind(self, answers: int) -> None:
        self._left = answers

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(str(self._server))
                for act in (self._questions, self._answers):
                    threading.Thread(target=act, args=(client, server), daemon=True).start()

    def _questions(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                server.sendall(data)
        _end(client, server)

    def _answers(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            for message in _messages(server):
                is_last = message[:1] == READY and self._is_last()
                client.sendall(message)
                if is_last:
                    break
        _end(client, server)

    def _is_last(self) -> bool:
        if self._left is None:
            return False
        self._left -= 1
        self.has_cut = self._left == 0
        if self.has_cut:
            self.close()
        return self.has_cut


def _messages(server: socket.socket) -> Iterator[bytes]:
    with server.makefile("rb") as stream:
        while header := stream.read(HEADER.size):
            _, length = HEADER.unpack(header)
            yield header + stream.read(length - 4)


def _end(*both: socket.socket) -> None:
    for each in both:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
