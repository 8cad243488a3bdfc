"""One connection to the target."""

import socket

from loadtest.wire.http_parser import AnswerParser
from loadtest.wire.request import Request


class Connection:
    """One socket and the request it carries, if any."""

    __slots__ = (
        "due_ns",
        "fileno",
        "parser",
        "recv",
        "request",
        "send",
        "sent_ns",
        "socket",
        "unsent",
    )

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        self.fileno = connected.fileno()
        self.recv = connected.recv
        self.send = connected.send
        self.request: Request | None = None
        self.parser: AnswerParser | None = None
        self.unsent = b""
        self.due_ns = 0
        self.sent_ns = 0
