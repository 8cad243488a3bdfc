"""Entries that keep the contract, for tests that change one step of an answer."""

import json
from collections.abc import Coroutine, Iterable
from typing import Any

from tests.help.wired import Piece
from tests.loadtest import entry_server
from tests.loadtest.ledger_server import Ledger
from tests.loadtest.registry_server import Registry

APART_BYTES = 100_000  # a body this large is not copied to join it to its head
QUIET_FIRST = 12  # requests answered correctly before a fault begins, so that every run starts


def finished(answer: Coroutine[Any, Any, Any]) -> Any:
    """Returns the result of a coroutine that waits for nothing."""
    try:
        answer.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits for something")


class RightEntry:
    """An entry that keeps the contract: a method for each step from a request to its answer."""

    entry: entry_server.Entry

    def __init__(self) -> None:
        self.asked = 0
        self.method = self.path = ""
        self.headers: list[str] = []

    def take(self, data: bytes) -> Iterable[Piece]:
        head, _, body = data.partition(b"\r\n\r\n")
        self.method, self.path, _ = head.split(b"\r\n")[0].decode().split(" ")
        self.asked += 1
        self.headers = []
        status, content = self.answer(self.method, self.path, body)
        return self.pieces(status, self.text(status, content))

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        status, content, location = finished(self.entry.answer(method, path, body))
        if location:
            self.headers.append(f"Location: {self.located(location)}")
        return status, content

    def located(self, location: str) -> str:
        return location

    def text(self, status: int, content: Any) -> bytes:  # noqa: ARG002 - faults look at it
        if isinstance(content, bytes):
            return content
        if isinstance(content, str):
            return content.encode(errors="surrogatepass")
        return b"" if content is None else json.dumps(content).encode()

    def pieces(self, status: int, text: bytes) -> Iterable[Piece]:
        head = self.head(status, text)
        return [head + text] if len(text) < APART_BYTES else [head, text]

    def head(self, status: int, text: bytes) -> bytes:
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(text)}", *self.headers, "", ""]
        return "\r\n".join(lines).encode("latin-1")

    @property
    def now_and_then(self) -> bool:
        """True if a fault changes this answer."""
        return self.asked > QUIET_FIRST and self.asked % 5 == 0


class RightLedger(RightEntry):
    """An entry of crebitos."""

    entry: Ledger

    def __init__(self) -> None:
        super().__init__()
        self.entry = Ledger("none", 1)


class RightRegistry(RightEntry):
    """An entry of pessoas."""

    entry: Registry

    def __init__(self) -> None:
        super().__init__()
        self.entry = Registry("none", 1)


RIGHT: dict[str, type[RightEntry]] = {"crebitos": RightLedger, "pessoas": RightRegistry}
