"""One request: its bytes, and the type under which it is reported."""

from typing import NamedTuple, Self

STATUS_BITS = 10


class Address(NamedTuple):
    """Where the target listens; as text it is what stands in a URL."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Kind(NamedTuple):
    """A type of request, as an edition lists it: a number, a name, and how load of it may end."""

    number: int
    name: str
    fine: frozenset[int] = frozenset({200})


# A check is judged where it is asked: no outcome of it is a failure of the load.
CHECK = Kind(0, "checks", frozenset(range(1 << STATUS_BITS)))


class Request:
    """What goes over the wire; an edition adds what its judges must know to read the answer."""

    __slots__ = ("data", "fine", "key", "kind", "reuse", "whole")

    def __init__(self, kind: Kind, data: bytes, *, reuse: bool = True, whole: bool = False) -> None:
        self.data = data
        self.reuse = reuse
        # Whether who looks at the answer wants its head too, in front of the body.
        self.whole = whole
        self._report_under(kind)

    def as_check(self) -> Self:
        """The same question, reported among the checks."""
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
