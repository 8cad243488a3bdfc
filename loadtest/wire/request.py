"""One request: its bytes, and the type under which it is reported."""

from typing import NamedTuple, Self

STATUS_BITS = 10


class Address(NamedTuple):
    """Host and port of the target; as text, in the form that a URL has."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Kind(NamedTuple):
    """A type of request: its number, its name, and the statuses that are fine under load."""

    number: int
    name: str
    fine: frozenset[int] = frozenset({200})


# A check is judged by its caller: no outcome of it is a failure of the load.
CHECK = Kind(0, "checks", frozenset(range(1 << STATUS_BITS)))


class Request:
    """Bytes to send; an edition adds the attributes that it needs to judge the answer."""

    __slots__ = ("data", "fine", "key", "kind", "reuse", "whole")

    def __init__(self, kind: Kind, data: bytes, *, reuse: bool = True, whole: bool = False) -> None:
        self.data = data
        self.reuse = reuse
        # With `whole`, the head of the answer is handed on too, in front of the body.
        self.whole = whole
        self._report_under(kind)

    def as_check(self) -> Self:
        """Reports this request as a check, and returns it."""
        self._report_under(CHECK)
        return self

    def _report_under(self, kind: Kind) -> None:
        self.kind = kind
        self.key = kind.number << STATUS_BITS
        self.fine = kind.fine


def get(host: str, path: str) -> bytes:
    return _head("GET", host, path)


def post(host: str, path: str, body: bytes) -> bytes:
    more = ("Content-Type: application/json", f"Content-Length: {len(body)}")
    return _head("POST", host, path, *more) + body


def _head(method: str, host: str, path: str, *more: str) -> bytes:
    lines = (f"{method} {path} HTTP/1.1", f"Host: {host}", "Accept: application/json", *more)
    return "\r\n".join([*lines, "", ""]).encode()
