"""One request: its bytes, the target it is for, and the type under which it is reported."""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, Self

STATUS_BITS = 10
DEFAULT_PORTS = {"http": 80, "https": 443}


class Tls(NamedTuple):
    """The verification of the target's certificate: by the system's authorities by default."""

    cacert: Path | None = None
    insecure: bool = False


class Header(NamedTuple):
    """A header line that the user adds to every request."""

    name: str
    value: str


class Address(NamedTuple):
    """The target: where it listens, TLS or not, and the user's headers for every request."""

    host: str
    port: int
    tls: Tls | None = None
    headers: tuple[Header, ...] = ()

    def __str__(self) -> str:
        """Returns the address for a reader; plain HTTP goes without saying."""
        return self.url if self.tls is not None else f"{self._bracketed}:{self.port}"

    @property
    def scheme(self) -> str:
        return "https" if self.tls is not None else "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self._bracketed}:{self.port}"

    @property
    def host_header(self) -> str:
        """The value of Host: as browsers and curl send it, without the scheme's own port."""
        if self.port == DEFAULT_PORTS[self.scheme]:
            return self._bracketed
        return f"{self._bracketed}:{self.port}"

    @property
    def _bracketed(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host


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


JSON = Header("Content-Type", "application/json")


def get(target: Address, path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\n{_lines(target)}\r\n".encode()


def post(target: Address, path: str, body: bytes) -> bytes:
    lines = _lines(target, JSON)
    head = f"POST {path} HTTP/1.1\r\n{lines}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


# Cached, because an edition may make its requests while the load runs.
@lru_cache
def _lines(target: Address, *more: Header) -> str:
    """Returns the header lines that requests to a target have in common, the user's among them."""
    ours = (Header("Host", target.host_header), Header("Accept", "application/json"), *more)
    replaced = {header.name.lower() for header in target.headers}
    kept = [header for header in ours if header.name.lower() not in replaced]
    return "".join(f"{name}: {value}\r\n" for name, value in (*kept, *target.headers))
