"""The judge's engine and an entry in one process, connected by pairs of sockets. The entry answers
whenever the engine polls.

Only the network is simulated: the judge's parser, timeouts, loops and reports are its own.
"""

import socket
from collections.abc import Iterable, Iterator
from time import monotonic
from typing import Any, Protocol

from loadtest.wire.connection import READABLE, Connection
from loadtest.wire.engine import Engine

PAUSE_S = 0.01  # between polls while an entry still has something to send
REQUEST_BYTES = 1 << 20

# Bytes to send, seconds to wait, or None to close the connection.
Piece = bytes | float | None


class Entry(Protocol):
    """Answers requests, each of which is passed whole."""

    def take(self, data: bytes) -> Iterable[Piece]: ...


class _Peer:
    """The entry's end of one connection."""

    def __init__(self, entry: Entry, theirs: socket.socket) -> None:
        self.socket = theirs
        self._entry = entry
        self._pieces: Iterator[Piece] = iter(())
        self._unsent = memoryview(b"")
        self._due_s = 0.0
        self.is_busy = False

    def serve(self) -> None:
        """Reads a request, and sends as much of the answer as the socket takes."""
        try:
            data = self.socket.recv(REQUEST_BYTES)
            if data:
                self._pieces, self.is_busy = iter(self._entry.take(data)), True
        except OSError:
            pass
        try:
            while self.is_busy and monotonic() >= self._due_s:
                self._send_next()
        except BlockingIOError:
            pass
        except OSError:
            self.is_busy = False

    def _send_next(self) -> None:
        if self._unsent:
            self._unsent = self._unsent[self.socket.send(self._unsent) :]
            return
        piece = next(self._pieces, b"")
        if piece is None:
            self.socket.close()
            self.is_busy = False
        elif isinstance(piece, bytes):
            self._unsent, self.is_busy = memoryview(piece), piece != b""
        else:
            self._due_s = monotonic() + piece


class WiredEngine(Engine):
    """An engine whose connections all lead to the entry, whatever the address."""

    def __init__(self, entry: Entry, *args: Any) -> None:
        super().__init__(*args)
        self._entry = entry
        self._peers: dict[int, _Peer] = {}

    def turn(self, wait_s: float) -> None:
        for peer in list(self._peers.values()):
            peer.serve()
        talking = any(peer.is_busy for peer in self._peers.values())
        super().turn(min(wait_s, PAUSE_S) if talking else wait_s)

    def _open(self) -> Connection:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        theirs.setblocking(False)
        connection = Connection(ours)
        self._connections[connection.fileno] = connection
        self._peers[connection.fileno] = _Peer(self._entry, theirs)
        self._epoll.register(connection.fileno, READABLE)
        return connection

    def _close(self, connection: Connection) -> None:
        peer = self._peers.pop(connection.fileno, None)
        super()._close(connection)
        if peer is not None:
            peer.socket.close()
