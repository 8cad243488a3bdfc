"""One connection to the target."""

import socket
from collections.abc import Callable
from dataclasses import dataclass, field

from loadtest.wire.http_parser import AnswerParser
from loadtest.wire.request import Request


@dataclass(slots=True, eq=False)
class Connection:
    """One socket and the request it carries, if any."""

    socket: socket.socket
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
