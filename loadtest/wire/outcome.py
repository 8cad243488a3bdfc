"""What became of a request: the four kinds, and why an answer can fail to come."""

from enum import IntEnum


class Kind(IntEnum):
    """The type a request is reported under."""

    DEBIT = 0
    CREDIT = 1
    STATEMENT = 2
    CHECK = 3


class Failure(IntEnum):
    """Why there is no answer; the numbers stay below every HTTP status."""

    CLOSED = 1
    RESET = 2
    TIMEOUT = 3
    RUBBISH = 4
    CUT = 5
    REFUSED = 6
    NO_PORTS = 7
    NO_FILES = 8
    UNREACHABLE = 9


KIND_NAMES = {
    Kind.DEBIT: "debits",
    Kind.CREDIT: "credits",
    Kind.STATEMENT: "statements",
    Kind.CHECK: "checks",
}

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
}

# The generator's own: they say nothing about the target.
OWN_FAILURES = frozenset({Failure.NO_PORTS, Failure.NO_FILES})
# The target never saw the request, so it cannot have applied it.
NEVER_LEFT = OWN_FAILURES | {Failure.REFUSED}
STATUS_FIRST = 100
STATUS_BITS = 10


def outcome_name(code: int) -> str:
    """The status as text, or the failure in words."""
    return str(code) if code >= STATUS_FIRST else FAILURE_TEXTS[Failure(code)]


def is_fine(kind: int, code: int) -> bool:
    """The official view of load: a debit may be refused, nothing else may."""
    return code == 200 or (kind == Kind.DEBIT and code == 422)
