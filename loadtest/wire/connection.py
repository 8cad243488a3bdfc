"""One connection to the target."""

import select
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from loadtest.wire.http_parser import AnswerParser
from loadtest.wire.outcome import Failure
from loadtest.wire.request import Address, Request

READABLE = select.EPOLLIN
WRITABLE = select.EPOLLOUT

# Linux's tcp_info: the state, and the segments that the peer has not acknowledged.
_TCP_INFO = struct.Struct("B23xI")
_TCP_CLOSE = 7


class Stream(Protocol):
    """The part of a non-blocking socket that a connection uses."""

    def fileno(self) -> int: ...

    def recv(self, size: int, /) -> bytes: ...

    def send(self, data: bytes, /) -> int: ...

    def getsockopt(self, level: int, option: int, size: int, /) -> bytes: ...

    def close(self) -> None: ...


def resolve(address: Address) -> tuple[int, Any]:
    """Returns the family and the address for sockets that connect to the target."""
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except socket.gaierror:
        if address.host != "localhost":
            raise
        # Without /etc/hosts the name may not resolve, but it still means this machine.
        return socket.AF_INET, ("127.0.0.1", address.port)
    # `localhost` often resolves to IPv6 and IPv4 while the target listens on IPv4 only.
    resolved = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    return resolved[0], resolved[4]


@dataclass(slots=True, eq=False)
class Connection:
    """One socket and the request it carries, if any."""

    socket: Stream
    request: Request | None = None
    parser: AnswerParser | None = None
    unsent: bytes = b""
    due_ns: int = 0
    sent_ns: int = 0
    # It carried an answer before this request.
    is_kept: bool = False
    fileno: int = field(init=False)
    recv: Callable[[int], bytes] = field(init=False)
    send: Callable[[bytes], int] = field(init=False)

    def __post_init__(self) -> None:
        self.fileno = self.socket.fileno()
        self.recv, self.send = self.socket.recv, self.socket.send

    @property
    def awaited(self) -> int:
        """The events that let a request go on that could not be sent whole."""
        return READABLE | WRITABLE

    def explain(self, failure: Failure) -> Failure:
        """Returns the failure in the terms of the connection's protocol."""
        return Failure.KEPT_CLOSED if self.is_kept and self._is_unread(failure) else failure

    def _is_unread(self, failure: Failure) -> bool:
        """Returns whether the peer had closed a connection without any answer before it read.

        A peer that has read the request acknowledges it at the latest with its own end.
        """
        if failure != Failure.CLOSED:
            return failure == Failure.RESET
        with suppress(OSError):
            info = self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO.size)
            state, unacknowledged = _TCP_INFO.unpack(info)
            return bool(state == _TCP_CLOSE or unacknowledged)
        return False


# Makes a connection of a socket that connects.
Open = Callable[[socket.socket], Connection]
