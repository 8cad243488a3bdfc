"""Answers of right entries with random changes: to the document, the body, the head, the framing
and the pieces."""

import json
from collections.abc import Callable, Iterable
from random import Random
from typing import Any

from tests.help.right_entries import QUIET_FIRST, RightEntry
from tests.help.wired import Piece

ODD_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 2**31, 2**53, 2**53 + 1, 2**62, 2**62 + 1, -(2**63), 10**20),
    *(10**4_000, 0.5, 1e300, float("nan"), float("-inf"), "", "x", "-1", "9" * 5_000, "x" * 50_000),
    *("\ud800", "\udfff\udc00", "\x00\x1b[2J", "\n\r\u2028\u202e", "١", "http://[x", "../../x"),
    *([], {}, [[]], [1] * 2_000, {"a": {"b": {"c": 1}}}, [None] * 11),
)
ODD_LINES = (
    *(b"Content-Length: 0", b"Content-Length: " + b"9" * 5_000, b"Content-Length: +1", b"X"),
    *(b"Content-Length: 99999999", b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip"),
    *(
        b"Connection: close",
        b"Content-Encoding: gzip",
        b": x",
        b"X: " + b"y" * 70_000,
        b"\xff: \x00",
    ),
    *(b"Location: http://[x", b"Location: /a b", b"Location: /\xff\x00", b"HTTP/1.1 200 OK"),
)
ODD_STARTS = (
    *(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 199 X\r\n\r\n" * 100, b"HTTP/1.0 200 OK\r\n"),
    *(
        b"HTTP/1.1 204 X\r\n\r\n",
        b"HTTP/1.1 304 X\r\n",
        b"HTTP/1.1 500 \xff\r\n",
        b"HTTP/9.9 1\r\n",
    ),
    *(b"", b"\r\n", b"\x16\x03\x01\x02", b"HTTP/1.1 " + b"2" * 5_000),
)
ODD_SIZES = (b"", b"-1", b"zz", b"ffffffff", b"100000", b"0", b"1;" + b"x" * 70_000)


def odd_document(random: Random, content: Any) -> Any:
    """Returns a document in which one value is changed, removed or repeated."""
    if not isinstance(content, dict | list) or not content or random.random() < 0.2:
        return random.choice(ODD_VALUES)
    if isinstance(content, list):
        place = random.randrange(len(content))
        if random.random() < 0.2:
            return content * random.choice((0, 2, 12, 200))
        return [*content[:place], odd_document(random, content[place]), *content[place + 1 :]]
    name = random.choice(list(content))
    if random.random() < 0.2:
        return {key: value for key, value in content.items() if key != name}
    return {**content, name: odd_document(random, content[name])}


def odd_bytes(random: Random, data: bytes) -> bytes:
    """Returns data in which some bytes are changed, removed or inserted."""
    start = random.randrange(len(data) + 1)
    end = min(len(data), start + random.choice((0, 1, 1, 5, 100)))
    between = random.choice((b"", random.randbytes(1), random.randbytes(20), data[start:end] * 3))
    return data[:start] + between + data[end:]


def chunked(random: Random, text: bytes, *, odd: bool) -> bytes:
    """Returns the text in chunks of random sizes; with `odd` some sizes are wrong."""
    chunks, start = b"", 0
    while start < len(text):
        size = random.choice((1, 7, 100, 5_000))
        line = random.choice(ODD_SIZES) if odd and random.random() < 0.2 else None
        part = text[start : start + size]
        chunks += (line if line is not None else b"%x" % len(part)) + b"\r\n" + part + b"\r\n"
        start += size
    return chunks + b"0\r\n" + random.choice((b"", b"Trailer: 1\r\n")) + b"\r\n"


def in_pieces(random: Random, data: bytes) -> list[Piece]:
    """Returns the data cut at random places, with a pause of 0 s after each piece."""
    pieces: list[Piece] = []
    while data:
        size = random.choice((1, 20, 1_000, len(data)))
        pieces += [data[:size], 0.0]
        data = data[size:]
    return pieces


def rightly_framed(base: type[RightEntry], random: Random) -> Any:
    """Returns an entry with the same answers in random framing that HTTP allows."""

    class Framed(base):  # type: ignore[valid-type, misc]
        def pieces(self, status: int, text: bytes) -> Iterable[Piece]:
            if random.random() < 0.5:
                return in_pieces(random, self.head(status, text) + text)
            lines = [b"HTTP/1.1 %d X" % status, b"transfer-ENCODING:chunked"]
            lines += [line.encode() for line in self.headers]
            head = random.choice((b"", ODD_STARTS[0])) + b"\r\n".join([*lines, b"", b""])
            return in_pieces(random, head + chunked(random, text, odd=False))

        def text(self, status: int, content: Any) -> bytes:
            text: bytes = super().text(status, content)
            is_spaced = isinstance(content, dict) and random.random() < 0.5
            return json.dumps(content, indent=2).encode() if is_spaced else text

    return Framed()


class OddAnswers(RightEntry):
    """An entry whose first answers are right; then this share of its answers is odd."""

    random: Random
    share: float
    is_odd = False

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        status, content = super().answer(method, path, body)
        self.is_odd = self.asked > QUIET_FIRST and self.random.random() < self.share
        if self.is_odd and self.random.random() < 0.4:
            return status, odd_document(self.random, content)
        return status, content

    def pieces(self, status: int, text: bytes) -> Iterable[Piece]:
        if not self.is_odd:
            right: Iterable[Piece] = super().pieces(status, text)
            return right
        change: Callable[[int, bytes], list[Piece]] = self.random.choice(
            (self._body, self._line, self._start, self._chunks, self._cut, self._bytes)
        )
        return change(status, text)

    def _body(self, status: int, text: bytes) -> list[Piece]:
        text = odd_bytes(self.random, text)
        return in_pieces(self.random, self.head(status, text) + text)

    def _line(self, status: int, text: bytes) -> list[Piece]:
        lines = self.head(status, text).split(b"\r\n")
        lines.insert(self.random.randrange(1, len(lines) - 1), self.random.choice(ODD_LINES))
        return [b"\r\n".join(lines) + text]

    def _start(self, status: int, text: bytes) -> list[Piece]:
        return [self.random.choice(ODD_STARTS) + self.head(status, text) + text]

    def _chunks(self, status: int, text: bytes) -> list[Piece]:
        head = b"HTTP/1.1 %d X\r\nTransfer-Encoding: chunked\r\n\r\n" % status
        return in_pieces(self.random, head + chunked(self.random, text, odd=True))

    def _cut(self, status: int, text: bytes) -> list[Piece]:
        data = self.head(status, text) + text
        return [data[: self.random.randrange(len(data))], None]

    def _bytes(self, status: int, text: bytes) -> list[Piece]:
        return [odd_bytes(self.random, self.head(status, text) + text)]


def fuzzed(base: type[RightEntry], random: Random, share: float) -> Any:
    """Returns a right entry of which this share of the answers is odd."""
    return type("Fuzzed", (OddAnswers, base), {"random": random, "share": share})()
