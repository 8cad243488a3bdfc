"""Entries of crebitos (2024/Q1) with wrong bytes: numbers, text, framing, and endless answers."""

import gzip
from collections.abc import Iterator
from itertools import count, repeat
from typing import Any

from tests.help.wired import Piece
from tests.help.wrong_kinds import Kind, saldo_as, sending, writing

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
PLENTY = b"x" * 60_000
CHUNK = b"%x\r\n%s\r\n" % (len(PLENTY), PLENTY)
DIGITS = b"9" * 5_000
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def head(*lines: bytes) -> bytes:
    return b"\r\n".join([HEAD[:-2], *lines, b"", b""])


def _with(*lines: bytes) -> Any:
    """Sends these lines in place of the headers, and the right body."""
    return sending(lambda _entry, _status, text: [head(*lines) + text])


def _length(change: int) -> Any:
    def bend(_entry: Any, _status: int, text: bytes) -> list[Piece]:
        return [head(b"Content-Length: %d" % (len(text) + change)) + text]

    return sending(bend)


def _endless(first: bytes, again: bytes) -> Any:
    return sending(lambda *_: for_ever(first, again))


def for_ever(first: bytes, again: bytes) -> Iterator[Piece]:
    yield first
    yield from repeat(again)


def _endless_heads(_entry: Any, _status: int, _text: bytes) -> Iterator[Piece]:
    yield HEAD
    for number in count():
        yield b"X-%d: " % number + PLENTY[:1_000] + b"\r\n"


def _drip(entry: Any, status: int, text: bytes) -> Iterator[Piece]:
    for byte in entry.head(status, text) + text:
        yield bytes([byte])
        yield 0.05


def _twice(entry: Any, status: int, text: bytes) -> list[Piece]:
    return [2 * (entry.head(status, text) + text)]


def _half(entry: Any, status: int, text: bytes) -> list[Piece]:
    return [entry.head(status, text) + text[: len(text) // 2], None]


def _flood_of_interims(entry: Any, status: int, text: bytes) -> list[Piece]:
    return [CONTINUE * 20_000 + entry.head(status, text) + text]


def _one_byte_chunks(_entry: Any, _status: int, text: bytes) -> list[Piece]:
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in text + b" " * 100_000)
    return [CHUNKED + chunks + b"1\r\nx\r\n0\r\n\r\n"]


def nested(text: bytes) -> bytes:
    return b'{"saldo":' + b"[" * 200_000 + text + b"]" * 200_000 + b"}"


def _gzipped(entry: Any, status: int, text: bytes) -> list[Piece]:
    entry.headers.append("Content-Encoding: gzip")
    packed = gzip.compress(text)
    return [entry.head(status, packed) + packed]


KINDS: dict[str, Kind] = {
    # Numbers.
    "balance of 10^20": Kind(saldo_as(b"1" + b"0" * 20)),
    "balance of 2^62": Kind(saldo_as(b"4611686018427387904")),
    "balance of -2^63": Kind(saldo_as(b"-9223372036854775808")),
    "balance of 5,000 digits": Kind(saldo_as(DIGITS)),
    "balance of 5,000 digits in quotes": Kind(saldo_as(b'"' + DIGITS + b'"')),
    "balance of 5,000 zeros in quotes": Kind(saldo_as(b'"' + b"0" * 5_000 + b'"')),
    "balance NaN": Kind(saldo_as(b"NaN")),
    "balance Infinity": Kind(saldo_as(b"-Infinity")),
    "balance 1e400": Kind(saldo_as(b"1e400")),
    "balance 0.5": Kind(saldo_as(b"0.5")),
    "balance true": Kind(saldo_as(b"true")),
    "balance null": Kind(saldo_as(b"null")),
    "balance of letters of other digits": Kind(saldo_as('"١"'.encode())),
    # Text.
    "JSON 200,000 deep": Kind(writing(nested)),
    "JSON that is cut off": Kind(writing(lambda text: text[:-1])),
    "JSON and then words": Kind(writing(lambda text: text + b" and so on")),
    "bytes that are no text": Kind(writing(lambda _: b'{"saldo": "\xff\xfe"}')),
    "UTF-16": Kind(writing(lambda text: text.decode().encode("utf-16"))),
    "half a character alone": Kind(writing(lambda _: b'"\\ud800"')),
    "a page": Kind(writing(lambda _: b"<html>\x1b[31m Not today \x00</html>")),
    "a body of a megabyte of spaces": Kind(writing(lambda text: text + b" " * 1_500_000)),
    "no body": Kind(writing(lambda _: b"")),
    "claims gzip": Kind(sending(_gzipped)),
    # Framing.
    "length of 5,000 digits": Kind(_with(b"Content-Length: " + DIGITS)),
    "length -1": Kind(_with(b"Content-Length: -1")),
    "two lengths": Kind(_with(b"Content-Length: 1", b"Content-Length: 2")),
    "length too short": Kind(_length(-1)),
    "length too long": Kind(_length(1), slow=True),
    "length of a gigabyte": Kind(_with(b"Content-Length: 1000000000")),
    "no such encoding": Kind(_with(b"Transfer-Encoding: deflate, gzip")),
    "chunk size that is no number": Kind(sending(lambda *_: [CHUNKED + b"zz\r\n"])),
    "chunk larger than said": Kind(sending(lambda *_: [CHUNKED + b"2\r\nabcdef\r\n0\r\n\r\n"])),
    "header without a name": Kind(_with(b": nobody")),
    "header of bytes": Kind(_with(b"\xff\x00\x1b[2J")),
    "status 999": Kind(sending(lambda *_: [b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n"])),
    "status of escape codes": Kind(sending(lambda *_: [b"HTTP/1.1 \x1b[2J\r\n\r\n"])),
    "HTTP/2": Kind(sending(lambda *_: [b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"])),
    "HTTP/0.9": Kind(sending(lambda _entry, _status, text: [text, None])),
    "answers twice": Kind(sending(_twice)),
    "answers interim for ever": Kind(_endless(CONTINUE, CONTINUE * 100)),
    "answers interim 20,000 times": Kind(sending(_flood_of_interims)),
    # Endless answers.
    "chunks without an end": Kind(_endless(CHUNKED, CHUNK)),
    "small chunks without an end": Kind(_endless(CHUNKED, b"1\r\nx\r\n" * 10_000)),
    "100,000 small chunks": Kind(sending(_one_byte_chunks)),
    "trailers without an end": Kind(_endless(CHUNKED + b"0\r\n", b"X: y\r\n" * 10_000)),
    "chunk size without an end": Kind(_endless(CHUNKED + b"1", b";" + PLENTY)),
    "headers without an end": Kind(sending(_endless_heads)),
    "status line without an end": Kind(_endless(HEAD[:-2], PLENTY)),
    "body until it closes, without an end": Kind(_endless(HEAD + b"\r\n", PLENTY)),
    # Connections.
    "closes without a word": Kind(sending(lambda *_: [None])),
    "closes within the answer": Kind(sending(_half)),
    "says nothing": Kind(sending(lambda *_: []), slow=True),
    "drips": Kind(sending(_drip), slow=True),
}
