"""Targets over TLS: every command, every wrong certificate, and servers that misbehave."""

import gc
import re
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from time import perf_counter_ns as clock_ns

import pytest

from loadtest.wire.engine import Engine
from loadtest.wire.outcome import FAILURE_TEXTS, Failure
from loadtest.wire.request import CHECK, Address, Request, Tls, get
from loadtest.wire.tls import TlsStream
from tests.help.certificates import Authority, server_context
from tests.loadtest.command import loadtest
from tests.loadtest.conftest import Respond, Serve, answering

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
Talk = Callable[[socket.socket, ssl.SSLContext], None]
Listen = Callable[[Talk], int]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def listen(authority: Authority) -> Iterator[Listen]:
    """Starts a listener that calls a function for each connection, in a thread of its own."""
    listeners: list[socket.socket] = []
    context = server_context(authority.sign("listener"))

    def start(talk: Talk) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threading.Thread(target=serve, args=(connection,), daemon=True).start()

        def serve(connection: socket.socket) -> None:
            with suppress(OSError), connection:
                talk(connection, context)

        threading.Thread(target=accept, daemon=True).start()
        return int(listener.getsockname()[1])

    yield start
    for listener in listeners:
        listener.close()


def outcome(
    port: int, tls: Tls, times: int = 1, timeout_s: float = 20.0
) -> list[tuple[int, bytes]]:
    """Returns status or failure, and body, of requests sent one after the other."""
    target = Address("localhost", port, tls)
    ended: list[tuple[int, bytes]] = []
    engine = Engine(target, lambda _request, code, body, *_: ended.append((code, body)), timeout_s)
    with closing(engine):
        for number in range(1, times + 1):
            engine.start(Request(CHECK, get(target, "/")), clock_ns())
            while len(ended) < number:
                engine.turn(0.05)
                engine.expire()
    return ended


def records(*pieces: bytes, is_rude: bool = False) -> Talk:
    """Returns a server that answers each request with these pieces, each a record of its own."""

    def talk(connection: socket.socket, context: ssl.SSLContext) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        tls = context.wrap_socket(connection, server_side=True)
        while tls.recv(65_536):
            for piece in pieces:
                tls.sendall(piece)
            if pieces[0].startswith(b"HTTP/1.0"):
                break
        if not is_rude:
            with suppress(OSError):
                tls.unwrap()
        tls.close()

    return talk


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("run", ("-n", 680, "-c", 4)),
        ("run", ("-n", 68, "--new-connections")),
        ("run", ("-r", 200, "-d", 1)),
        ("official", ("--scale", 0.0005, "--speed", 20)),
        ("check", ("--no-strict",)),
    ],
)
def test_every_command_reaches_a_target_over_tls(
    serve: Serve, authority: Authority, tmp_path: Path, command: str, options: tuple[object, ...]
) -> None:
    """A right entry passes over TLS as without it, with the authority's certificate in a file."""
    port = serve(certificate=authority.sign("here"))
    url = f"https://localhost:{port}"
    ran = loadtest(command, url, "--cacert", authority.file, *options, folder=tmp_path)
    assert ran.is_right, ran.out
    assert ran.report.load is None or ran.report.load.totals.failures == 0
    assert ran.report.target == url


@pytest.mark.parametrize(
    ("names", "days", "failure"),
    [
        ("DNS:other.example", 2, Failure.WRONG_HOST),
        ("IP:127.0.0.2", 2, Failure.WRONG_HOST),
        ("DNS:localhost", -1, Failure.WRONG_TIME),
    ],
)
def test_a_wrong_certificate_is_named_and_can_be_ignored(
    serve: Serve, authority: Authority, names: str, days: int, failure: Failure
) -> None:
    """Another name, another address or a past date gives exit code 3, except with --insecure."""
    port = serve(certificate=authority.sign("wrong", names, days))
    for host in ("localhost", "127.0.0.1") if failure == Failure.WRONG_HOST else ("localhost",):
        url = f"https://{host}:{port}"
        ran = loadtest("run", url, "-n", 34, "--cacert", authority.file)
        assert (ran.code, FAILURE_TEXTS[failure] in ran.out) == (3, True), ran.out
        ran = loadtest("run", url, "-n", 34, "--insecure")
        assert ran.is_right, ran.out


def test_an_unknown_authority_is_refused(serve: Serve, authority: Authority) -> None:
    """Without --cacert only the system's authorities count, and none of them signs for tests."""
    url = f"https://localhost:{serve(certificate=authority.sign('here'))}"
    ran = loadtest("check", url)
    assert ran.code == 3
    assert FAILURE_TEXTS[Failure.UNTRUSTED] in ran.out


def test_the_wrong_scheme_is_named(
    serve: Serve, answer_with: Respond, authority: Authority
) -> None:
    """https on a plain port and http on a TLS port give exit code 3 and the other scheme."""
    port = answer_with(answering(400, b"bad request"))
    ran = loadtest("run", f"https://localhost:{port}", "--insecure", "-n", 34)
    assert ran.code == 3
    assert "does not speak TLS; use http://" in ran.out
    port = serve(certificate=authority.sign("here"))
    ran = loadtest("run", f"http://localhost:{port}", "-n", 34)
    assert ran.code == 3
    assert f"it speaks TLS; use https://localhost:{port}" in ran.out


def test_a_curl_line_repeats_a_request_over_tls(serve: Serve, authority: Authority) -> None:
    """A line of the report names the authority's file, and the paste shows the fault again."""
    port = serve("unknown_client", certificate=authority.sign("here"))
    ran = loadtest("check", f"https://localhost:{port}", "--cacert", authority.file)
    assert ran.code == 1
    lines = [line.strip() for line in ran.out.splitlines() if re.match(r" +curl ", line)]
    assert f"--cacert {authority.file} https://localhost:{port}/clientes/6/extrato" in lines[0]
    shown = subprocess.run(["/bin/sh", "-c", lines[0]], capture_output=True, text=True, check=True)
    assert " 200 " in shown.stdout.splitlines()[0]


def test_an_ipv6_literal_is_verified_as_an_address(serve: Serve, authority: Authority) -> None:
    """An IPv6 literal in the URL is reached, and its certificate verified for that address."""
    with socket.socket(socket.AF_INET6) as tried:
        try:
            tried.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6")
    port = serve(certificate=authority.sign("here"), host="::1")
    ran = loadtest("run", f"https://[::1]:{port}", "-n", 34, "--cacert", authority.file)
    assert ran.is_right, ran.out


@pytest.mark.parametrize(
    "pieces",
    [
        (HEAD % 5 + b"hello",),
        (HEAD % 5, b"hel", b"lo"),
        tuple(bytes([byte]) for byte in HEAD % 5 + b"hello"),
        (HEAD % 500_000 + b"x" * 500_000,),
        (HEAD % 100_000, b"x" * 100_000),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil it closes",),
        (b"HTTP/1.0 200 OK\r\n\r\n", b"x" * 40_000),
    ],
    ids=["whole", "parts", "bytes", "long", "head first", "until closed", "long until closed"],
)
@pytest.mark.parametrize("is_rude", [False, True], ids=["closed", "cut"])
def test_an_answer_in_any_records_is_read(
    listen: Listen, pieces: tuple[bytes, ...], is_rude: bool
) -> None:
    """An answer is the same in one record or in many, whether or not the session is closed well."""
    body = b"".join(pieces).partition(b"\r\n\r\n")[2]
    port = listen(records(*pieces, is_rude=is_rude))
    assert outcome(port, Tls(insecure=True), times=3) == [(200, body)] * 3


def test_a_silent_handshake_is_a_failure_of_its_own(listen: Listen) -> None:
    """A peer that never answers the handshake is not taken for a slow answer."""
    over = threading.Event()

    def wait(_connection: socket.socket, _context: ssl.SSLContext) -> None:
        over.wait(20)

    port = listen(wait)
    assert outcome(port, Tls(insecure=True), timeout_s=0.3) == [(Failure.HANDSHAKE_TIMEOUT, b"")]
    over.set()


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-OpenSSH_9.2p1\r\n", b"HTTP/1.1 400 X\r\n\r\n"])
def test_a_handshake_that_fails_never_reaches_the_service(listen: Listen, said: bytes) -> None:
    """A peer that closes, or speaks another protocol, cannot have applied a request."""

    def talk(connection: socket.socket, _: ssl.SSLContext) -> None:
        connection.recv(65_536)
        connection.sendall(said)

    [(code, _)] = outcome(listen(talk), Tls(insecure=True))
    assert code == (Failure.NOT_TLS if said else Failure.HANDSHAKE)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1")
def test_old_tls_is_refused(listen: Listen) -> None:
    """A server without TLS 1.2 gives a failed handshake."""

    def talk(connection: socket.socket, context: ssl.SSLContext) -> None:
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.wrap_socket(connection, server_side=True)

    [(code, _)] = outcome(listen(talk), Tls(insecure=True))
    assert code == Failure.HANDSHAKE


def test_closed_connections_leave_nothing_behind(listen: Listen) -> None:
    """Workers run without the garbage collector: a closed connection must not need it."""
    port = listen(records(b"HTTP/1.0 200 OK\r\n\r\nx"))
    gc.collect()
    gc.disable()
    try:
        outcome(port, Tls(insecure=True), times=20)
        left = [one for one in gc.get_objects() if isinstance(one, TlsStream)]
    finally:
        gc.enable()
    assert left == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("http://h", "--insecure"), "--insecure is for targets that begin with https://"),
        (("--cacert", "/nowhere.pem", "https://h"), "/nowhere.pem is no file with certificates"),
        (("--cacert", __file__, "https://h"), "has no certificate in PEM format"),
        (("--cacert", "/proc", "https://h"), "/proc is no file with certificates"),
        (("ftp://h",), "is not like http://localhost:9999 or https://example.com"),
        (("https://h/path",), "is not like http://localhost:9999"),
        (("https://h:99999",), "99999"),
        (("https://a..b",), "label"),
        (("https://user:word@h",), "is not like http://localhost:9999"),
    ],
)
def test_a_target_that_makes_no_sense_is_refused(words: tuple[str, ...], told: str) -> None:
    """A wrong URL or TLS option gives exit code 2 and one line."""
    ran = loadtest("run", *words)
    assert (ran.code, ran.out.count("\n")) == (2, 1), ran.out
    assert told in ran.out
