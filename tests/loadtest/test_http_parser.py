"""The answer parser, with any split of good and bad bytes."""

from contextlib import suppress
from itertools import pairwise, permutations, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.limits import ANSWER_BYTES_MAX, HEAD_BYTES_MAX
from loadtest.wire.http_parser import AnswerParser, BadAnswerError
from loadtest.wire.outcome import Failure

BODY = b'{"limite": 100000, "saldo": -9098}'
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 34\r\n\r\n" + BODY
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"a;x=1\r\n" + BODY[:10] + b"\r\n18\r\n" + BODY[10:] + b"\r\n0\r\nTrailer: 1\r\n\r\n"
)
UNTIL_CLOSE = b"HTTP/1.0 200 OK\r\nServer: old\r\n\r\n" + BODY
CONTINUED = b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN
BARE_NEWLINES = PLAIN.replace(b"\r\n", b"\n")
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"

COMPLETE = {
    "content length": (PLAIN, 200, BODY, True),
    "chunked": (CHUNKED, 200, BODY, True),
    "HTTP/1.0 until close": (UNTIL_CLOSE, 200, BODY, False),
    "after 100 Continue": (CONTINUED, 200, BODY, True),
    "bare newlines": (BARE_NEWLINES, 200, BODY, True),
    "behind the end of a line": (b"\r\n" + PLAIN, 200, BODY, True),
    "no content": (EMPTY, 204, b"", True),
    "connection close": (
        PLAIN.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
        200,
        BODY,
        False,
    ),
    **{
        f"connection {', '.join(lines)}": (
            PLAIN.replace(
                b"\r\n\r\n",
                b"".join(b"\r\nConnection: %s" % line.encode() for line in lines) + b"\r\n\r\n",
            ),
            200,
            BODY,
            False,
        )
        for lines in permutations(("close", "keep-alive", "Foo"))
    },
    "HTTP/1.0 kept alive": (
        PLAIN.replace(b"/1.1", b"/1.0").replace(b"\r\n\r\n", b"\r\nConnection: Keep-Alive\r\n\r\n"),
        200,
        BODY,
        True,
    ),
}


def fed(data: bytes, cuts: list[int]) -> AnswerParser:
    parser = AnswerParser()
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for start, end in pairwise(edges):
        parser.feed(data[start:end])
    return parser


@pytest.mark.parametrize("name", COMPLETE)
@given(cuts=st.lists(st.integers(min_value=0, max_value=400), max_size=12))
def test_an_answer_reads_the_same_however_it_is_split(name: str, cuts: list[int]) -> None:
    """Status, body and reuse do not depend on the split of an answer."""
    data, status, body, keep = COMPLETE[name]
    parser = fed(data, cuts)
    assert parser.complete or parser.end()
    assert parser.framing is not None
    assert (parser.framing.status, parser.body, parser.framing.keep) == (status, body, keep)
    assert parser.surplus == b""


@pytest.mark.parametrize("name", ["content length", "chunked", "after 100 Continue"])
@given(length=st.integers(min_value=0, max_value=400))
def test_an_answer_that_breaks_off_is_cut_short(name: str, length: int) -> None:
    """An answer that breaks off is reported as cut short, never as complete."""
    data = COMPLETE[name][0]
    parser = fed(data[: length % len(data)], [])
    assert not parser.complete
    with pytest.raises(BadAnswerError) as cut:
        parser.end()
    assert cut.value.failure in {Failure.CUT, Failure.CLOSED}


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
    ],
)
def test_rubbish_is_called_rubbish(data: bytes) -> None:
    """Bytes that are not HTTP/1 raise BadAnswerError at once."""
    with pytest.raises(BadAnswerError):
        fed(data, [])


@given(cuts=st.lists(st.integers(min_value=0, max_value=200), max_size=6))
def test_bytes_behind_an_answer_are_surplus(cuts: list[int]) -> None:
    """Bytes behind the end of an answer are surplus and not body."""
    parser = fed(PLAIN + b"HTTP/1.1 200", cuts)
    assert (parser.body, parser.surplus) == (BODY, b"HTTP/1.1 200")


@given(cuts=st.lists(st.integers(min_value=0, max_value=200), max_size=6))
def test_the_end_of_a_line_behind_an_answer_means_nothing(cuts: list[int]) -> None:
    """An end of a line that the length does not count is neither body nor surplus."""
    parser = fed(PLAIN + b"\r\n", cuts)
    assert (parser.body, parser.surplus) == (BODY, b"")


@given(st.binary(max_size=300), st.lists(st.integers(min_value=0, max_value=300), max_size=4))
def test_no_bytes_crash_the_parser(data: bytes, cuts: list[int]) -> None:
    """Any bytes end in an answer, in a wait for more, or in a named error."""
    with suppress(BadAnswerError):
        fed(b"HTTP/1.1 200 OK\r\n" + data, cuts).end()


ENDLESS = {
    "chunks": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"fff\r\n%s\r\n" % (b"x" * 4095),
    ),
    "chunks of a byte": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"1\r\nx\r\n" * 500,
    ),
    "trailers": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n" * 500),
    "a body until it closes": (b"HTTP/1.0 200 OK\r\n\r\n", b"x" * 4096),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 500),
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a chunk size": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1", b";" * 4096),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_an_answer_without_an_end_is_given_up(name: str) -> None:
    """The parser gives up an endless answer before it exceeds the size limits."""
    first, again = ENDLESS[name]
    parser = AnswerParser()
    parser.feed(first)
    pieces = repeat(again, 2 * ANSWER_BYTES_MAX // len(again))
    with pytest.raises(BadAnswerError):
        list(map(parser.feed, pieces))
    assert parser.size <= ANSWER_BYTES_MAX + HEAD_BYTES_MAX + len(again)


@pytest.mark.parametrize("digits", [17, 5_000])
def test_a_length_of_many_digits_is_rubbish(digits: int) -> None:
    """A length of many digits is refused, even if its value is small."""
    for digit in (b"0", b"9"):
        with pytest.raises(BadAnswerError):
            fed(b"HTTP/1.1 200 OK\r\nContent-Length: " + digit * digits + b"\r\n\r\n", [])
