"""Outcomes of a request: an HTTP status, or a failure if there is no answer."""

import errno
from enum import IntEnum

from loadtest.limits import EXAMPLE_BYTES_MAX, EXAMPLE_CHARACTERS_MAX


class Failure(IntEnum):
    """Reason why there is no answer; the numbers stay below every HTTP status."""

    CLOSED = 1
    RESET = 2
    TIMEOUT = 3
    RUBBISH = 4
    CUT = 5
    REFUSED = 6
    NO_PORTS = 7
    NO_FILES = 8
    UNREACHABLE = 9
    TOO_LARGE = 10
    UNTRUSTED = 11
    WRONG_HOST = 12
    WRONG_TIME = 13
    NOT_TLS = 14
    HANDSHAKE = 15
    HANDSHAKE_TIMEOUT = 16
    TLS_BROKEN = 17
    KEPT_CLOSED = 18


FAILURE_TEXTS = {
    Failure.CLOSED: "connection closed before any answer",
    Failure.RESET: "connection reset",
    Failure.TIMEOUT: "no answer in time",
    Failure.RUBBISH: "answer is not HTTP",
    Failure.CUT: "answer cut short",
    Failure.REFUSED: "connection refused: nothing listens",
    Failure.NO_PORTS: "no local port left for a new connection",
    Failure.NO_FILES: "too few file descriptors",
    Failure.UNREACHABLE: "target cannot be reached",
    Failure.TOO_LARGE: "answer larger than any of the contract",
    Failure.UNTRUSTED: "certificate of no trusted authority; --cacert FILE names another one",
    Failure.WRONG_HOST: "certificate is for another host",
    Failure.WRONG_TIME: "certificate is not valid at this time",
    Failure.NOT_TLS: "target does not speak TLS; use http://",
    Failure.HANDSHAKE: "TLS handshake failed",
    Failure.HANDSHAKE_TIMEOUT: "no TLS handshake in time",
    Failure.TLS_BROKEN: "TLS connection broken",
    Failure.KEPT_CLOSED: "kept connection closed without notice, the request unread",
}

# Failures of the generator itself: they say nothing about the target.
OWN_FAILURES = frozenset({Failure.NO_PORTS, Failure.NO_FILES})
# There was no TLS connection that could have carried a request.
NO_TLS = frozenset(
    {
        *(Failure.UNTRUSTED, Failure.WRONG_HOST, Failure.WRONG_TIME, Failure.NOT_TLS),
        *(Failure.HANDSHAKE, Failure.HANDSHAKE_TIMEOUT),
    }
)
# The target never saw the request, so it cannot have applied it.
NEVER_LEFT = OWN_FAILURES | NO_TLS | {Failure.REFUSED}
STATUS_FIRST = 100


def outcome_name(code: int) -> str:
    """Returns the status as text, or the failure in words."""
    return str(code) if code >= STATUS_FIRST else FAILURE_TEXTS[Failure(code)]


def shown(data: bytes) -> str:
    """Returns bytes of an answer as one readable line, cut to a fixed length."""
    text = one_line(data[:EXAMPLE_BYTES_MAX].decode(errors="backslashreplace"))
    more = len(data) - EXAMPLE_BYTES_MAX
    return f"{text} … and {more} bytes more" if more > 0 else text


def printable(text: str, most: int = EXAMPLE_CHARACTERS_MAX) -> str:
    """Returns a text that quotes an answer as one printable line, cut to a fixed length."""
    return one_line(text if len(text) <= most else f"{text[: most - 1]}…")


def one_line(text: str) -> str:
    """Returns a text with every unprintable character escaped.

    A newline would break a table, and an escape code would control the terminal.
    """
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )


_FAILURES = {
    errno.ECONNREFUSED: Failure.REFUSED,
    errno.EADDRNOTAVAIL: Failure.NO_PORTS,
    errno.EMFILE: Failure.NO_FILES,
    errno.ENFILE: Failure.NO_FILES,
    errno.ECONNRESET: Failure.RESET,
    errno.EPIPE: Failure.RESET,
    errno.ETIMEDOUT: Failure.TIMEOUT,
}


class FailedError(OSError):
    """An error of a connection that has a name of its own."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(FAILURE_TEXTS[failure])
        self.failure = failure


def failure_of(error: OSError) -> Failure:
    if isinstance(error, FailedError):
        return error.failure
    return _FAILURES.get(error.errno or 0, Failure.UNREACHABLE)
