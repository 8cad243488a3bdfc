"""Requests as shell lines: pasting a line sends the same request again."""

import random
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from loadtest.wire.curl import curl_line, shell_line
from loadtest.wire.request import CHECK, Address, Request, get, post

Heard = list[tuple[str, str, dict[str, str], bytes]]

BODIES = {
    "nothing": b"",
    "JSON": b'{"valor": 1, "tipo": "c", "descricao": "abc"}',
    "what a shell obeys": b"""'"`id` $HOME \\n %s ! * ? ~ # & | ; < > ( ) { } [ ]""",
    "a file's name": b"@/etc/passwd",
    "lines and tabs": b'{\n\t"valor": 1\r\n}\n',
    "letters of any script": "áé日本語🦀".encode(),
    "no text": bytes(range(256)),
    "an option's look": b"-n\xff",
    "an escape in front of a number": b"\xff1\x007%d",
}


class Handler(BaseHTTPRequestHandler):
    """A handler that records each request."""

    heard: ClassVar[Heard] = []

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.heard.append((self.command, self.path, dict(self.headers), body))
        self.send_response(418)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Logs nothing."""


@pytest.fixture
def server() -> Iterator[tuple[Address, Heard]]:
    """Starts a server; yields its address and the list of requests it received."""
    Handler.heard = []
    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield Address("127.0.0.1", listening.server_port), Handler.heard
    listening.shutdown()
    listening.server_close()


def paste(line: str) -> str:
    assert line.isprintable(), "it is one line"
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize("name", BODIES)
def test_a_pasted_line_sends_the_same_bytes(server: tuple[Address, Heard], name: str) -> None:
    """Method, path, content type and body arrive unchanged, for any body."""
    target, heard = server
    out = paste(curl_line(target, post(target, "/clientes/1/transacoes", BODIES[name])))
    [(method, path, headers, body)] = heard
    assert (method, path, body) == ("POST", "/clientes/1/transacoes", BODIES[name])
    assert headers["Content-Type"] == headers["Accept"] == "application/json"
    assert out.startswith("HTTP/1.0 418"), "the answer is shown with its status"


def test_a_pasted_line_asks_for_the_same_path(server: tuple[Address, Heard]) -> None:
    """Unusual spellings of a client's number arrive unchanged."""
    target, heard = server
    paths = [f"/clientes/{name}/extrato" for name in ("1", "+1", "%D9%A1", "1e0", "%31%20")]
    for path in paths:
        paste(curl_line(target, get(target, path)))
    assert [(method, path) for method, path, *_ in heard] == [("GET", path) for path in paths]


def test_any_bytes_can_be_pasted(server: tuple[Address, Heard]) -> None:
    """Random bytes arrive unchanged through the shell and curl."""
    target, heard = server
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    drawn = random.Random(seed)
    bodies = [drawn.randbytes(drawn.randrange(300)) for _ in range(25)]
    for body in bodies:
        paste(curl_line(target, post(target, "/", body)))
    assert [body for *_, body in heard] == bodies


def test_requests_of_one_moment_are_one_line(server: tuple[Address, Heard]) -> None:
    """Concurrent requests become one shell line that counts their statuses: 3 and 25 are 28."""
    target, heard = server
    once = [Request(CHECK, get(target, f"/{number}")) for number in range(3)]
    out = paste(shell_line(target, [*once, *[Request(CHECK, post(target, "/", b"{}"))] * 25]))
    assert len(heard) == 28
    assert out.split() == ["28", "418"]


def test_an_address_of_the_new_kind_keeps_its_brackets() -> None:
    """An IPv6 address keeps its brackets in the URL."""
    target = Address("::1", 9999)
    assert curl_line(target, get(target, "/x")).endswith("'http://[::1]:9999/x'")
