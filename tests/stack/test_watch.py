"""`make watch`, drawn from invented answers."""

import os
import select
import socket
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO

import pytest
from rich.console import Console

from ops.watch import Answer, Key, Watch, _unbuffered_keys, _wants_to_quit, fetch, main
from tests.help.commands import run

CLIENTE = {"cliente": 1, "nome": "", "limite": 100_000, "saldo": 0, "fechado": False}


def drawn(*clientes: dict[str, object]) -> str:
    console = Console(file=StringIO(), width=120)
    answer = Answer(time.monotonic(), {}, {}, {"clientes": list(clientes)})
    console.print(Watch("http://x").view_with(answer))
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def test_a_name_is_shown_and_a_closed_client_says_so() -> None:
    """A client has its name as written, and "closed" only if it is closed."""
    shown = drawn(CLIENTE, CLIENTE | {"cliente": 6, "nome": "[b]Ana", "fechado": True})
    ana, other = (
        next(line for line in shown.splitlines() if text in line) for text in ("[b]Ana", "│ 1 ")
    )
    assert "closed" in ana
    assert "closed" not in other
    assert not {"True", "False", "fechado"} & set(shown.split())


def test_names_that_nobody_gave_take_no_room() -> None:
    """The contest's five clients have no column of empty names."""
    assert "nome" not in drawn(CLIENTE)


def test_a_removed_instance_takes_no_rate_below_nothing() -> None:
    """An instance that `make up` removed takes its counters along: the view goes on without it."""
    console, view = Console(file=StringIO(), width=120), Watch("http://x")
    counts = {"api01": 100, "api02": 100, "api03": 1_000_000}
    for at, names in enumerate((counts, counts, ("api01", "api02"))):
        found: dict[str, Counter[Key]] = {
            name: Counter({("requests", "/x", "200"): counts[name] + at}) for name in names
        }
        shown = view.view_with(Answer(at, found, {}, {}))
    console.print(shown)
    text = str(console.file.getvalue())  # type: ignore[attr-defined]
    assert "0 requests/s" in text
    assert "-" not in text


@pytest.mark.parametrize("answer", [b"HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\n{", b"ssh\r\n"])
def test_an_answer_that_breaks_off_ends_the_view_in_one_line(
    capsys: pytest.CaptureFixture[str], answer: bytes
) -> None:
    """An answer that breaks off, as at a stop of the stack, or is no HTTP is no traceback."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer_once() -> None:
            with server.accept()[0] as connection:
                connection.recv(65_536)
                connection.sendall(answer)

        threading.Thread(target=answer_once, daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        assert main(url) == 2
    assert capsys.readouterr().err.startswith(f"rinha: nothing answers at {url} (")


def test_no_proxy_is_asked_for_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is on this machine: the proxy of the environment is not asked for it."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"counts": {}, "gauges": [["up", {}, 1]], "tables": {}}')

        def log_message(self, *_: object) -> None:
            pass

    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    with HTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        assert fetch(f"http://127.0.0.1:{server.server_port}").gauges == {"up": 1}


@pytest.mark.parametrize(
    ("typed", "ends"),
    [
        *(("q", True), ("Q", True), ("\x1b", True), ("xq", True), ("\x1b[A\x1bOBq", True)),
        *(("x", False), ("\x1b[A\x1b[B", False), ("\x1bOq", False)),
    ],
)
def test_only_q_and_escape_end_it(monkeypatch: pytest.MonkeyPatch, typed: str, ends: bool) -> None:
    """A key before q does not hide it, and an arrow or a mouse wheel does not end the view."""
    ours, theirs = os.openpty()
    with open(theirs) as terminal, open(ours, "w") as keyboard:  # noqa: PTH123 - descriptors
        monkeypatch.setattr(sys, "stdin", terminal)
        with _unbuffered_keys():
            keyboard.write(typed)
            keyboard.flush()
            assert select.select([terminal], [], [], 10)[0]
            assert (_wants_to_quit(0) or _wants_to_quit(0)) == ends


def test_it_needs_no_input() -> None:
    """With its input closed, `make watch` has no keys and says what it always says."""
    command = ("sh", "-c", 'exec "$@" <&-', "sh", sys.executable)
    done = run(*command, "-m", "ops.watch", "http://127.0.0.1:1")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "nothing answers at http://127.0.0.1:1" in done.err
