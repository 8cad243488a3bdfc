"""Checks of a bad request: its status, its reason, and no change of the state."""

import json
import re
from typing import NamedTuple

from tests.help.raw_http import exchange, get, statuses
from tests.help.running import Stack


class Case(NamedTuple):
    name: str
    raw: bytes
    # Status of each answer, in order; 0 is a connection closed without one.
    expected: tuple[int, ...]


def bodies(answer: bytes) -> list[bytes]:
    return re.findall(rb"\r\n\r\n(\{[^\r]*\})", answer)


def assert_refused(stack: Stack, case: Case) -> None:
    """Asserts the expected status, a reason, unchanged state, and that the service goes on."""
    stack.reset()
    before = stack.state()
    answer = exchange(stack.port, case.raw)
    assert case.expected == (tuple(statuses(answer)) or (0,))
    if case.expected[-1] >= 400 and not case.raw.startswith(b"HEAD"):
        assert len(json.loads(bodies(answer)[-1])["error"]) > 10
    if case.expected[-1] == 405:
        assert b"allow: " in answer.lower()
    assert before == stack.state()
    assert statuses(exchange(stack.port, get("/health"))) == [200]
