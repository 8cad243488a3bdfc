"""Each failure of a target is reported plainly, with its exit code."""

import argparse
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from loadtest.commands import main
from loadtest.commands.output import UsageError
from loadtest.report.data import Totals
from tests.loadtest.command import ROOT, loadtest
from tests.loadtest.conftest import STATEMENT, Respond, Serve, answering

BODY = b'{"limite": 100000, "saldo": -1}'
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 31\r\n\r\n" + BODY


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def cut(connection: socket.socket) -> None:
    connection.sendall(PLAIN[:-5])
    connection.close()


def rubbish(connection: socket.socket) -> None:
    connection.sendall(b"SSH-2.0-OpenSSH_9.2p1\r\n")
    connection.close()


MISBEHAVIOURS = {
    "connection reset": reset,
    "answer cut short": cut,
    "answer is not HTTP": rubbish,
    "connection closed before any answer": socket.socket.close,
}


def mostly(good: bytes, bad: Callable[[socket.socket], None]) -> Callable[[socket.socket], None]:
    """Answers the first 20 requests well, and then every third one badly."""
    seen = 0

    def respond(connection: socket.socket) -> None:
        nonlocal seen
        seen += 1
        if seen > 20 and seen % 3 == 0:
            bad(connection)
        else:
            connection.sendall(good)

    return respond


@pytest.mark.parametrize("text", MISBEHAVIOURS)
def test_a_target_that_misbehaves_from_the_start_is_unreachable(
    answer_with: Respond, text: str
) -> None:
    """A target that fails the first request is unreachable: exit code 3, with the cause."""
    ran = loadtest("run", f"127.0.0.1:{answer_with(MISBEHAVIOURS[text])}", "-n", 10)
    assert ran.code == 3
    assert text in ran.out


@pytest.mark.parametrize("pause_s", [0, 0.001])
def test_a_line_behind_each_answer_is_no_failure(
    answer_with: Respond, tmp_path: Path, pause_s: float
) -> None:
    """A body that ends with a line too many fails nothing: Gatling and curl do not mind it."""

    def respond(connection: socket.socket) -> None:
        connection.sendall(PLAIN)
        time.sleep(pause_s)
        connection.sendall(b"\r\n")

    words = ("run", f"127.0.0.1:{answer_with(respond)}", "-n", 200, "-c", 2, "--no-checks")
    ran = loadtest(*words, folder=tmp_path)
    assert (ran.load.totals.done, ran.load.totals.failures) == (200, 0), ran.out


@pytest.mark.parametrize("text", MISBEHAVIOURS)
def test_a_failure_under_load_is_named(answer_with: Respond, tmp_path: Path, text: str) -> None:
    """A failure under load is named, with exit code 1; the other answers are still counted."""
    port = answer_with(mostly(PLAIN, MISBEHAVIOURS[text]))
    words = ("run", f"127.0.0.1:{port}", "-n", 200, "-c", 2, "--no-checks")
    ran = loadtest(*words, folder=tmp_path)
    assert ran.code == 1, ran.out
    assert text in ran.reasons
    assert ran.load.totals.done == 200


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1f\r\n" + BODY + b"\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Length: 31\r\n\r\n" + BODY,
        PLAIN,
    ],
    ids=["chunked", "HTTP/1.0", "plain"],
)
def test_every_framing_is_an_answer(answer_with: Respond, tmp_path: Path, answer: bytes) -> None:
    """Chunked answers and HTTP/1.0 answers count as answers."""

    def respond(connection: socket.socket) -> None:
        connection.sendall(answer)
        if answer.startswith(b"HTTP/1.0"):
            connection.close()

    port = answer_with(respond)
    words = ("run", f"127.0.0.1:{port}", "-n", 100, "-c", 2, "--no-checks")
    ran = loadtest(*words, folder=tmp_path)
    assert ran.is_right, ran.out
    assert ran.load.totals == Totals(sent=100, done=100, answers=100, failures=0)


def test_nothing_listens(free_port: int) -> None:
    """A port without a listener gives exit code 3 and a plain message."""
    for command in ("run", "check"):
        ran = loadtest(command, f"127.0.0.1:{free_port}")
        assert ran.code == 3
        assert "nothing listens" in ran.out


def test_a_wrong_status_is_named_with_an_example(answer_with: Respond, tmp_path: Path) -> None:
    """An unexpected status fails the run and is shown with its request and answer."""
    port = answer_with(answering(503, b"busy"))
    ran = loadtest("run", f"127.0.0.1:{port}", "-n", 50, "--no-checks", folder=tmp_path)
    assert ran.code == 1
    assert "status 503" in ran.reasons
    assert any("busy" in example.answer for example in ran.load.examples)


def test_balances_other_than_zero_are_refused_with_advice(serve: Serve) -> None:
    """The official run needs balances of 0: exit code 4, and the message says how to reset."""
    port = serve()
    assert loadtest("run", f"127.0.0.1:{port}", "-n", 100).is_right
    ran = loadtest("official", f"127.0.0.1:{port}", "--scale", "0.001")
    assert ran.code == 4
    assert "--reset" in ran.out
    assert "fresh volume" in ran.out


def test_a_silent_target_times_out(answer_with: Respond) -> None:
    """A target that accepts and never answers is unreachable after a few seconds."""
    ran = loadtest("check", f"127.0.0.1:{answer_with(lambda _: None)}")
    assert ran.code == 3
    assert "no answer in time" in ran.out


@pytest.mark.parametrize(
    "words",
    [
        ("run", "-c", "0"),
        ("run", "-d", "0"),
        ("run", "-r", "-5"),
        ("run", "--ramp", "5"),
        ("run", "--ramp", "1:9", "-n", "5"),
        ("run", "--poisson"),
        ("run", "-c", "1", "--workers", "2"),
        ("run", "-r", "5", "-c", "3", "--workers", "4"),
        ("run", "-r", "5", "--ramp", "1:5"),
        ("run", "ftp://localhost:9999"),
        ("run", "--threshold", "p98<1"),
        ("run", "--only", "nonsense"),
        ("official", "--scale", "2"),
        ("official", "--edition", "1999q1"),
        ("report", "/nonexistent.json"),
        ("league",),
        ("league", "/nonexistent.json"),
        ("compare", "/nonexistent.json", "/nonexistent.json"),
        ("fly",),
        (),
    ],
)
def test_invalid_arguments_are_a_usage_error(words: tuple[str, ...]) -> None:
    """Invalid arguments give exit code 2 and one line, before any request is sent."""
    ran = loadtest(*words)
    assert ran.code == 2
    assert (ran.out.count("\n"), ran.out[-1:]) == (1, "\n"), ran.out
    assert ran.out.startswith("loadtest")


@pytest.mark.parametrize(("error", "code"), [(UsageError("no"), 2), (KeyboardInterrupt(), 130)])
def test_only_a_failed_target_is_asked_for_its_edition(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong option and Ctrl-C end a command without another request to the target."""

    def handler(_asked: argparse.Namespace) -> int:
        raise error

    def reach(*_: object) -> None:
        pytest.fail("the target was asked")

    monkeypatch.setitem(main.HANDLERS, "check", handler)
    monkeypatch.setattr(main, "reach", reach)
    assert main.run(["check", "127.0.0.1:1"]) == code


# Options of a command, and a limit of file descriptors that is too low for it.
TOO_FEW_FILES = {
    "run TARGET -c 200": 100,
    "run TARGET -r 10 -d 1": 64,
    "run TARGET -c 1 -n 1 --strict": 200,
    "check TARGET": 200,
    "official TARGET --scale 0.005": 200,
}


@pytest.mark.parametrize(("words", "most"), TOO_FEW_FILES.items())
def test_too_few_file_descriptors_are_a_usage_error(serve: Serve, words: str, most: int) -> None:
    """Too few file descriptors for the connections are a usage error that names the remedy."""
    words = words.replace("TARGET", f"127.0.0.1:{serve()}")
    command = ["bash", "-c", f"ulimit -n {most}; {sys.executable} -m loadtest {words}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "file descriptors" in done.stderr
    assert "ulimit" in done.stderr


def test_ports_that_run_out_are_the_generators_own_limit() -> None:
    """400 new connections a second with some 20 local ports are INVALID, with the reason."""
    script = f"""
        ip link set lo up && echo 61000 61020 > /proc/sys/net/ipv4/ip_local_port_range || exit 77
        exec 3< <({sys.executable} -m tests.loadtest.ledger_server)
        read -r port <&3
        {sys.executable} -m loadtest run 127.0.0.1:$port -r 400 -d 1 --new-connections
        code=$?; kill $!; exit $code
    """
    done = subprocess.run(
        ["unshare", "-rn", "bash", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    if done.returncode == 77 or "unshare failed" in done.stderr:
        pytest.skip("this system gives no network of one's own")
    assert done.returncode == 4, done.stdout + done.stderr
    assert done.stdout.startswith("INVALID"), done.stdout
    assert "no local port left" in done.stdout
    assert "connection closed" not in done.stdout


def test_an_idle_connection_may_be_closed(answer_with: Respond, tmp_path: Path) -> None:
    """An idle connection that the server closes is no failure; the next request opens a new one."""

    def respond(connection: socket.socket) -> None:
        connection.settimeout(0.3)
        answering(200, STATEMENT % 0)(connection)

    ran = loadtest("run", f"127.0.0.1:{answer_with(respond)}", "-r", 20, "-d", 2, folder=tmp_path)
    assert all(one.saldo == 0 for one in ran.report.clientes), ran.out
