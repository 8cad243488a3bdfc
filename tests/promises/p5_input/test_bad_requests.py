"""Bad requests to crebitos: none ends in a 5xx, and none changes the ledger."""

import contextlib
import socket
import time

import pytest

from tests.help import bad_pessoas
from tests.help.bad_requests import CASES, GOOD, TARGET
from tests.help.raw_http import exchange, post, statuses
from tests.help.refusals import Case, assert_refused
from tests.help.running import Client, Stack

# nginx.conf gives all headers 5 s, and 2 s to each pause within a body.
DROP_MAX_S = 9.0


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_bad_request_is_refused_and_leaves_no_trace(stack: Stack, case: Case) -> None:
    """A bad request gets its status and a reason, changes nothing, and the service goes on."""
    assert_refused(stack, case)


@pytest.mark.parametrize(
    ("cases", "least"), [(CASES, 80), (bad_pessoas.CASES, 120)], ids=["crebitos", "pessoas"]
)
def test_the_catalogue_is_large_and_names_are_unique(cases: list[Case], least: int) -> None:
    """The catalogue has at least so many cases, and each has its own name."""
    names = [case.name for case in cases]
    assert len(names) >= least
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("name", "parts", "expected"),
    [
        ("a form's content type", [post(GOOD, "/clientes/1/transacoes", "Content-Type: a/b")], 1),
        (
            "in chunks",
            [TARGET.chunked("10\r\n" + GOOD[:16] + "\r\n18\r\n" + GOOD[16:] + "\r\n0\r\n\r\n")],
            1,
        ),
        ("byte by byte", [bytes([byte]) for byte in post(GOOD)], 1),
        ("pipelined", [post(GOOD) * 5], 5),
        ("bare LF", [post(GOOD).replace(b"\r\n", b"\n")], 1),
        ("HTTP/1.0", [post(GOOD).replace(b"HTTP/1.1", b"HTTP/1.0")], 1),
        ("a query nobody asked for", [post(GOOD, "/clientes/1/transacoes?valor=7%20%C3%A7")], 1),
        (
            "many headers",
            [post(GOOD, "/clientes/1/transacoes", *[f"X-{n}: y" for n in range(50)])],
            1,
        ),
        ("spoofed framing", [post(GOOD, "/clientes/1/transacoes", "Content_Length: 1")], 1),
        ("absolute address", [post(GOOD, "http://example.org/clientes/1/transacoes")], 1),
    ],
)
def test_an_odd_but_sound_request_counts_once(
    client: Client, stack: Stack, name: str, parts: list[bytes], expected: int
) -> None:
    """A well-formed request counts once, however it is cut, framed or decorated."""
    answer = exchange(stack.port, *parts)
    assert statuses(answer) == [200] * expected, name
    extrato = client.extrato(1)
    assert extrato["saldo"]["total"] == expected == len(extrato["ultimas_transacoes"])


def test_expecting_to_be_asked_for_the_body_works(client: Client, stack: Stack) -> None:
    """Expect: 100-continue, as some clients send it, is answered and counts once."""
    head, body = post(GOOD, "/clientes/1/transacoes", "Expect: 100-continue").split(b"\r\n\r\n")
    answer = exchange(stack.port, head + b"\r\n\r\n", body, pause_s=0.1)
    assert statuses(answer) == [100, 200]
    assert client.extrato(1)["saldo"]["total"] == 1


@pytest.mark.parametrize("raw", [post(GOOD)[:20], post(GOOD)[:-5]], ids=["headers", "body"])
def test_a_slow_client_is_disconnected(stack: Stack, raw: bytes) -> None:
    """An incomplete request is dropped in bounded time, and other clients do not wait for it."""
    before = stack.state()
    started = time.monotonic()
    with socket.create_connection(("127.0.0.1", stack.port), timeout=DROP_MAX_S) as connection:
        connection.sendall(raw)
        assert stack.client()("GET", "/health").status == 200
        with contextlib.suppress(ConnectionResetError):
            assert statuses(connection.recv(65536)) in ([], [408])
    assert time.monotonic() - started < DROP_MAX_S
    assert before == stack.state()
