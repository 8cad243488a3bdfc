"""Reads one HTTP answer from bytes that arrive in any pieces."""

import re
from dataclasses import dataclass

from loadtest.limits import (
    ANSWER_BYTES_MAX,
    CHUNKS_MAX,
    HEAD_BYTES_MAX,
    INTERIM_ANSWERS_MAX,
    LENGTH_DIGITS_MAX,
)
from loadtest.wire.outcome import Failure

CHUNKED = -1
UNTIL_CLOSE = -2

_HEAD_END = re.compile(rb"\r?\n\r?\n")
_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-5]\d\d)(?: [^\r\n]*)?")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\n]*)?")


class BadAnswerError(ValueError):
    """Bytes that are no whole HTTP answer: the text says why, `failure` is how it is reported."""

    def __init__(self, text: str, failure: Failure = Failure.RUBBISH) -> None:
        super().__init__(text)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Framing:
    """The framing of an answer: its status, the length of its body, keep-alive or not."""

    status: int
    length: int
    keep: bool


def read_head(head: bytes) -> Framing:
    """Parses a head without its empty line, and returns the framing."""
    lines = head.replace(b"\r\n", b"\n").split(b"\n")
    status_line = _STATUS_LINE.fullmatch(lines[0])
    if status_line is None:
        raise BadAnswerError("the status line is not HTTP/1.0 or HTTP/1.1")
    fields: dict[bytes, bytes] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        if not colon or not name or name != name.strip():
            raise BadAnswerError("a header line has no name")
        name, value = name.lower(), value.strip()
        if name == b"content-length" and fields.get(name, value) != value:
            raise BadAnswerError("two different Content-Length headers")
        if name == b"connection" and name in fields:
            # Lines of one list: a proxy adds its own to the service's.
            value = fields[name] + b", " + value
        fields[name] = value
    status = int(status_line[2])
    length = _body_length(status, fields)
    connection = fields.get(b"connection", b"").lower()
    keep = b"close" not in connection and (status_line[1] == b"1" or b"keep-alive" in connection)
    return Framing(status, length, keep and length != UNTIL_CLOSE)


def _body_length(status: int, fields: dict[bytes, bytes]) -> int:
    if status < 200 or status in {204, 304}:
        return 0
    if b"transfer-encoding" in fields:
        if fields[b"transfer-encoding"].lower() != b"chunked":
            raise BadAnswerError("an unknown Transfer-Encoding")
        return CHUNKED
    if b"content-length" not in fields:
        return UNTIL_CLOSE
    length = fields[b"content-length"]
    if not length.isdigit() or len(length) > LENGTH_DIGITS_MAX:
        raise BadAnswerError("a Content-Length that is not a valid number")
    if int(length) > ANSWER_BYTES_MAX:
        raise BadAnswerError("a Content-Length beyond any sane size", Failure.TOO_LARGE)
    return int(length)


class AnswerParser:
    """Parser of one answer: feed it bytes until the answer is complete."""

    def __init__(self) -> None:
        self.framing: Framing | None = None
        self.head = b""
        self.body = b""
        self.complete = False
        # All bytes fed so far: the most memory that this answer takes.
        self.size = 0
        self._buffer = bytearray()
        # Offsets in the buffer: its unread part, and where to go on searching for a head's end.
        self._at = self._sought = 0
        self._chunks = bytearray()
        # Counters: interim answers, and lines of chunk sizes and of the trailer.
        self._interims = self._lines = 0
        self._in_trailer = False

    @property
    def surplus(self) -> bytes:
        """The bytes after the end of the answer, but for ends of lines."""
        return bytes(self._buffer).lstrip(b"\r\n") if self.complete else b""

    @property
    def seen(self) -> bytes:
        """All bytes of this answer so far, for an example in a report."""
        return self.head + self._chunks + self.body + self._buffer

    def feed(self, data: bytes) -> bool:
        """Takes the next bytes; returns whether the answer is complete."""
        self.size += len(data)
        if self.size > ANSWER_BYTES_MAX + HEAD_BYTES_MAX:
            raise BadAnswerError("the answer has no end", Failure.TOO_LARGE)
        self._buffer += data
        while self.framing is None and self._take_head():
            pass
        if self.framing is not None and not self.complete:
            self._take_body(self.framing)
        # Trimmed once per read: many small chunks must not copy the buffer each time.
        del self._buffer[: self._at]
        self._at = 0
        return self.complete

    def end(self) -> bool:
        """Handles a closed connection; returns whether the answer is complete by that."""
        if self.framing is not None and self.framing.length == UNTIL_CLOSE:
            self.body, self._buffer, self.complete = bytes(self._buffer), bytearray(), True
        elif not self.complete:
            began = self.framing is not None or self._buffer
            failure = Failure.CUT if began else Failure.CLOSED
            raise BadAnswerError("the connection was closed inside the answer", failure)
        return self.complete

    def _take_head(self) -> bool:
        # Some programs end a body with a line that its length does not count. Gatling and curl skip
        # it too.
        while bytes(self._buffer[self._at : self._at + 1]) in {b"\r", b"\n"}:
            self._at += 1
        found = _HEAD_END.search(self._buffer, max(self._at, self._sought))
        if found is None:
            self._refuse_early_rubbish()
            # The first bytes of a head's end may already be in the buffer.
            self._sought = max(0, len(self._buffer) - self._at - 3)
            return False
        framing = read_head(bytes(self._buffer[self._at : found.start()]))
        self.head = bytes(self._buffer[self._at : found.end()])
        self._at, self._sought = found.end(), 0
        if framing.status < 200:
            self._interims += 1
            if self._interims > INTERIM_ANSWERS_MAX:
                raise BadAnswerError("interim answers without an end")
            return True
        self.framing = framing
        return False

    def _refuse_early_rubbish(self) -> None:
        if not b"HTTP/1.".startswith(self._buffer[self._at : self._at + 7]):
            raise BadAnswerError("the answer does not begin with HTTP/1.")
        if len(self._buffer) - self._at > HEAD_BYTES_MAX:
            raise BadAnswerError("the head has no end")

    def _take_body(self, framing: Framing) -> None:
        if framing.length == CHUNKED:
            while not self.complete and self._take_chunk():
                pass
        elif 0 <= framing.length <= len(self._buffer) - self._at:
            end = self._at + framing.length
            self.body, self._at, self.complete = bytes(self._buffer[self._at : end]), end, True

    def _take_chunk(self) -> bool:
        newline = self._buffer.find(b"\n", self._at)
        if newline < 0:
            if len(self._buffer) - self._at > HEAD_BYTES_MAX:
                raise BadAnswerError("a chunk size has no end")
            return False
        self._lines += 1
        if self._lines > CHUNKS_MAX:
            raise BadAnswerError("chunks without an end", Failure.TOO_LARGE)
        line = self._buffer[self._at : newline].removesuffix(b"\r")
        if self._in_trailer:
            self._at = newline + 1
            if not line:
                self.body, self._chunks, self.complete = bytes(self._chunks), bytearray(), True
            return True
        size_line = _CHUNK_SIZE.fullmatch(line)
        if size_line is None:
            raise BadAnswerError("a chunk size is no number")
        return self._take_chunk_data(int(size_line[1], 16), newline + 1)

    def _take_chunk_data(self, size: int, start: int) -> bool:
        if size == 0:
            self._in_trailer, self._at = True, start
            return True
        if size > ANSWER_BYTES_MAX:
            raise BadAnswerError("a chunk is beyond any sane size", Failure.TOO_LARGE)
        stop = start + size
        end = stop + (2 if self._buffer[stop : stop + 1] == b"\r" else 1)
        if len(self._buffer) < end:
            return False
        if bytes(self._buffer[stop:end]) not in {b"\r\n", b"\n"}:
            raise BadAnswerError("a chunk does not end after its length")
        self._chunks += self._buffer[start:stop]
        self._at = end
        return True
