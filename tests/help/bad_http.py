"""Bad requests that every edition refuses alike: bodies that are no JSON, and wrong framing."""

from collections.abc import Callable
from typing import NamedTuple

from tests.help.raw_http import get, post
from tests.help.refusals import Case

CHUNKED = "Transfer-Encoding: chunked"


class Target(NamedTuple):
    """An edition's POST: its path, a body that it accepts, and its longest body. `make` returns a
    body with changed fields, `text` is a field with a text, and `other` one with another value."""

    path: str
    good: str
    body_max_bytes: int
    make: Callable[..., str]
    text: str
    other: str
    # Path of a GET.
    read: str

    def post(self, body: bytes | str, *headers: str, length: int | str | None = -1) -> bytes:
        return post(body, self.path, *headers, length=length)

    def chunked(self, body: str) -> bytes:
        return self.post(body, CHUNKED, length=None)

    def get(self, *headers: str) -> bytes:
        return get(self.read, *headers)

    def not_json(self) -> list[Case]:
        """Returns bodies that are refused with 400."""
        good, make, text = self.good, self.make, self.text
        asterisk = make(**{text: '"*"'}).encode()
        spare = "[" * 1500 + "]" * 1500
        bodies: dict[str, bytes | str] = {
            "no body": b"",
            "text": "abc",
            "a form": "valor=1&tipo=c&descricao=abc",
            "cut short": good[:-1],
            "cut short after a broken rule": f'{{"{text}": null',
            "twice": good + good,
            "single quotes": good.replace('"', "'"),
            "trailing comma": good[:-1] + ",}",
            "leading zero": make(**{self.other: "01"}),
            "NaN": make(**{self.other: "NaN"}),
            "latin-1": make(**{text: '"\xe7"'}).encode("latin-1"),
            "utf-16": good.encode("utf-16"),
            "byte order mark": b"\xef\xbb\xbf" + good.encode(),
            "lone surrogate": make(**{text: '"\\ud800"'}),
            "overlong utf-8": asterisk.replace(b"*", b"\xc0\xaf"),
            "a surrogate in utf-8": asterisk.replace(b"*", b"\xed\xa0\x80"),
            "a raw newline in a text": make(**{text: '"a\nb"'}),
            "a NUL in front": b"\x00" + good.encode(),
            "nested arrays": "[" * 2000 + "]" * 2000,
            "nested objects": '{"a":' * 500 + "1" + "}" * 500,
            "nested before a text without an end": "[" * 40 + '"' + '\\"' * 1900,
            "nested in a field": make(**{self.other: spare}),
            "nested in a spare field": make(x=spare),
        }
        return [
            *[Case(name, self.post(body), (400,)) for name, body in bodies.items()],
            Case("no body and no length", self.post(b"", length=None), (400,)),
            Case("compressed", self.post(b"\x1f\x8b\x08\x00", "Content-Encoding: gzip"), (400,)),
        ]

    def framing(self) -> list[Case]:
        """Returns requests whose lengths, chunks, headers or ends are wrong."""
        good, size = self.good, 2 * self.body_max_bytes
        bad: dict[str, bytes] = {
            "huge length": self.post(good, length="9" * 30),
            "negative length": self.post(good, length=-5),
            "length with a plus": self.post(good, length=f"+{len(good)}"),
            "length in hex": self.post(good, length=f"{len(good):#x}"),
            "two lengths alike": self.post(good, f"Content-Length: {len(good)}"),
            "two lengths apart": self.post(good, "Content-Length: 1"),
            "length and chunks": self.post("0\r\n\r\n" + good, CHUNKED),
            "unknown coding": self.post(good, "Transfer-Encoding: x"),
            "chunks of nothing": self.chunked("0\r\n\r\n"),
            "chunks without a size": self.chunked("x\r\n\r\n"),
            "chunk size overflow": self.chunked("f" * 20 + "\r\n"),
            "rubbish": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            "a second HTTP version": b"GET / HTTP/2.0\r\nHost: localhost\r\n\r\n",
            "HTTP/1.1 without a host": f"GET {self.read} HTTP/1.1\r\n\r\n".encode(),
            "two hosts": self.get("Host: other"),
            "space before the colon": self.get("X : y"),
            "a folded header": self.get("X: y", " z"),
            "a NUL in a header": self.get("X: \x00"),
            "a header of 20 kB": self.get("X: " + "y" * 20000),
        }
        old = f"POST {self.path} HTTP/1.0\r\nContent-Length: 2\r\n\r\n{{}}".encode()
        chunk = self.chunked(f"{size:x}\r\n" + "x" * size)
        smuggled = self.post("{}" + self.get().decode(), length=2)
        return [
            *[Case(name, raw, (400,)) for name, raw in bad.items()],
            Case("body over the limit", self.post(good + " " * self.body_max_bytes), (413,)),
            Case("announced body over the limit", self.post(b"", length=10**9), (413,)),
            Case("chunk over the limit", chunk, (413,)),
            Case("body cut short", self.post(good[:10], length=len(good)), (0,)),
            Case("chunk cut short", self.chunked("28\r\n{"), (0,)),
            Case("no request at all", b"", (0,)),
            Case("HTTP/1.0 with a bad body", old, (422,)),
            Case("pipelined, the second bad", self.get() + self.post("{}"), (200, 422)),
            Case("pipelined, the first bad", self.post("{}") + self.get(), (422, 200)),
            Case("smuggled behind a length", smuggled, (422, 200)),
        ]
