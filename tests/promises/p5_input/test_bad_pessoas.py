"""Bad requests to pessoas: none ends in a 5xx, and none adds a person."""

import pytest

from tests.help.bad_pessoas import CASES, GOOD, PESSOAS, TARGET
from tests.help.raw_http import exchange, post, statuses
from tests.help.refusals import Case, assert_refused
from tests.help.running import Client, Stack


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_bad_request_is_refused_and_leaves_no_trace(people_stack: Stack, case: Case) -> None:
    """A bad request gets its status and a reason, changes nothing, and the service goes on."""
    assert_refused(people_stack, case)


@pytest.mark.parametrize(
    ("name", "parts", "expected"),
    [
        ("as a browser sends it", [post(GOOD, PESSOAS, "Content-Type: text/plain")], (201,)),
        (
            "in chunks",
            [
                TARGET.chunked(
                    "10\r\n" + GOOD[:16] + f"\r\n{len(GOOD) - 16:x}\r\n{GOOD[16:]}\r\n0\r\n\r\n"
                )
            ],
            (201,),
        ),
        ("byte by byte", [bytes([byte]) for byte in post(GOOD, PESSOAS)], (201,)),
        ("pipelined", [post(GOOD, PESSOAS) * 5], (201, 422, 422, 422, 422)),
        ("bare LF", [post(GOOD, PESSOAS).replace(b"\r\n", b"\n")], (201,)),
        ("HTTP/1.0", [post(GOOD, PESSOAS).replace(b"HTTP/1.1", b"HTTP/1.0")], (201,)),
        ("a query nobody asked for", [post(GOOD, f"{PESSOAS}?t=%20%C3%A7")], (201,)),
        ("as long as may be", [post(GOOD + " " * (16_384 - len(GOOD)), PESSOAS)], (201,)),
        ("a length that another header denies", [post(GOOD, PESSOAS, "Content_Length: 1")], (201,)),
    ],
)
def test_an_odd_but_sound_request_counts_once(
    people: Client, people_stack: Stack, name: str, parts: list[bytes], expected: tuple[int, ...]
) -> None:
    """A well-formed request adds one person, however it is cut, framed or decorated."""
    assert tuple(statuses(exchange(people_stack.port, *parts))) == expected, name
    assert (people.count(), people.search("ana")) == (1, ["ana"])
