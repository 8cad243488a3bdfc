"""One connection to the target."""

import select
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from loadtest.wire.http_parser import AnswerParser
from loadtest.wire.outcome import Failure
from loadtest.wire.request import Address, Request

READABLE = select.EPOLLIN
WRITABLE = select.EPOLLOUT


class Stream(Protocol):
    """The part of a non-blocking socket that a connection uses."""

    def fileno(self) -> int: ...

    def recv(self, size: int, /) -> bytes: ...

    def send(self, data: bytes, /) -> int: ...

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
        return failure


# Makes a connection of a socket that connects.
Open = Callable[[socket.socket], Connection]
