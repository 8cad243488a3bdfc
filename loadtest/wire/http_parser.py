"""Reads one HTTP answer from bytes that arrive in any pieces."""

import re
from dataclasses import dataclass

from loadtest.limits import BODY_BYTES_MAX, HEAD_BYTES_MAX

CHUNKED = -1
UNTIL_CLOSE = -2

_HEAD_END = re.compile(rb"\r?\n\r?\n")
_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-5]\d\d)(?: [^\r\n]*)?")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\n]*)?")


class RubbishError(ValueError):
    """The bytes are no HTTP answer; the text says why."""


class CutShortError(ValueError):
    """The connection ended inside an answer."""


@dataclass(frozen=True, slots=True)
class Framing:
    """What a head says about the answer: its status, where the body ends, what comes after."""

    status: int
    length: int
    keep: bool


def read_head(head: bytes) -> Framing:
    """Status and framing out of a head, its empty line left out."""
    lines = head.replace(b"\r\n", b"\n").split(b"\n")
    status_line = _STATUS_LINE.fullmatch(lines[0])
    if status_line is None:
        raise RubbishError("the status line is not HTTP/1.0 or HTTP/1.1")
    fields: dict[bytes, bytes] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        if not colon or not name or name != name.strip():
            raise RubbishError("a header line has no name")
        name, value = name.lower(), value.strip()
        if name == b"content-length" and fields.get(name, value) != value:
            raise RubbishError("two different Content-Length headers")
        fields[name] = value
    status = int(status_line[2])
    length = _body_length(status, fields)
    connection = fields.get(b"connection", b"").lower()
    keep = b"keep-alive" in connection if status_line[1] == b"0" else b"close" not in connection
    return Framing(status, length, keep and length != UNTIL_CLOSE)


def _body_length(status: int, fields: dict[bytes, bytes]) -> int:
    if status < 200 or status in {204, 304}:
        return 0
    if b"transfer-encoding" in fields:
        if fields[b"transfer-encoding"].lower() != b"chunked":
            raise RubbishError("an unknown Transfer-Encoding")
        return CHUNKED
    if b"content-length" not in fields:
        return UNTIL_CLOSE
    length = fields[b"content-length"]
    if not length.isdigit() or int(length) > BODY_BYTES_MAX:
        raise RubbishError("a Content-Length that is no sane number")
    return int(length)


class AnswerParser:
    """One answer: feed it bytes until it is complete."""

    def __init__(self) -> None:
        self.framing: Framing | None = None
        self.head = b""
        self.body = b""
        self.complete = False
        self._buffer = b""
        self._chunks: list[bytes] = []
        self._in_trailer = False

    @property
    def empty(self) -> bool:
        return self.framing is None and not self._buffer

    @property
    def surplus(self) -> bytes:
        """What came after the end of the answer."""
        return self._buffer if self.complete else b""

    @property
    def seen(self) -> bytes:
        """Everything of this answer that is there, for an example in a report."""
        return self.head + b"".join(self._chunks) + self.body + self._buffer

    def feed(self, data: bytes) -> bool:
        """Takes the next bytes; true when the answer is complete."""
        self._buffer += data
        while self.framing is None and self._take_head():
            pass
        if self.framing is not None and not self.complete:
            self._take_body(self.framing)
        return self.complete

    def end(self) -> bool:
        """The peer closed: true when that is how this answer ends."""
        if self.framing is not None and self.framing.length == UNTIL_CLOSE:
            self.body, self._buffer, self.complete = self._buffer, b"", True
        elif not self.complete:
            raise CutShortError("the connection was closed inside the answer")
        return self.complete

    def _take_head(self) -> bool:
        found = _HEAD_END.search(self._buffer)
        if found is None:
            self._refuse_early_rubbish()
            return False
        framing = read_head(self._buffer[: found.start()])
        self.head, self._buffer = self._buffer[: found.end()], self._buffer[found.end() :]
        if framing.status < 200:
            return True
        self.framing = framing
        return False

    def _refuse_early_rubbish(self) -> None:
        if not b"HTTP/1.".startswith(self._buffer[:7]):
            raise RubbishError("the answer does not begin with HTTP/1.")
        if len(self._buffer) > HEAD_BYTES_MAX:
            raise RubbishError("the head has no end")

    def _take_body(self, framing: Framing) -> None:
        if framing.length == CHUNKED:
            while not self.complete and self._take_chunk():
                pass
        elif framing.length >= 0 and len(self._buffer) >= framing.length:
            self.body = self._buffer[: framing.length]
            self._buffer = self._buffer[framing.length :]
            self.complete = True
        if len(self._buffer) > BODY_BYTES_MAX:
            raise RubbishError("the body has no end")

    def _take_chunk(self) -> bool:
        line, newline, rest = self._buffer.partition(b"\n")
        line = line.removesuffix(b"\r")
        if not newline:
            if len(line) > HEAD_BYTES_MAX:
                raise RubbishError("a chunk size has no end")
            return False
        if self._in_trailer:
            self._buffer = rest
            if not line:
                self.body, self._chunks, self.complete = b"".join(self._chunks), [], True
            return True
        size_line = _CHUNK_SIZE.fullmatch(line)
        if size_line is None:
            raise RubbishError("a chunk size is no number")
        return self._take_chunk_data(int(size_line[1], 16), rest)

    def _take_chunk_data(self, size: int, rest: bytes) -> bool:
        if size == 0:
            self._in_trailer, self._buffer = True, rest
            return True
        if size > BODY_BYTES_MAX:
            raise RubbishError("a chunk is beyond any sane size")
        end = size + (2 if rest[size : size + 1] == b"\r" else 1)
        if len(rest) < end:
            return False
        if rest[size:end] not in {b"\r\n", b"\n"}:
            raise RubbishError("a chunk does not end where it said")
        self._chunks.append(rest[:size])
        self._buffer = rest[end:]
        return True
