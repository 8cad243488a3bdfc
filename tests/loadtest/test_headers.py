"""Headers that a user adds to every request: sent by every command, and never stored as secrets."""

import argparse
from pathlib import Path

import pytest

from loadtest.commands.target import header
from loadtest.wire.curl import curl_line
from loadtest.wire.request import Address, Header, get, post
from tests.loadtest.command import loadtest
from tests.loadtest.conftest import Serve

SECRET = "s3cret-t0ken"


def head_lines(data: bytes) -> list[str]:
    return data.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]


@pytest.mark.parametrize(
    ("edition", "command", "options"),
    [
        ("crebitos", "run", ("-n", 340, "--strict")),
        ("crebitos", "official", ("--scale", 0.0005, "--speed", 20)),
        ("crebitos", "check", ("--no-strict",)),
        ("pessoas", "run", ("-n", 130)),
        ("pessoas", "check", ("--no-strict",)),
    ],
)
def test_every_request_of_every_command_has_the_header(
    serve: Serve, edition: str, command: str, options: tuple[object, ...]
) -> None:
    """A target that refuses requests without the header passes with it, and fails without it."""
    port = serve(edition=edition, required="X-Team: ours")
    words = (command, f"127.0.0.1:{port}", "--edition", edition, *options)
    assert loadtest(*words, "--header", "X-Team: ours").is_right
    if command != "official":
        assert loadtest(*words).code == 1


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("X-Team: ours", Header("X-Team", "ours")),
        ("X-Team:ours", Header("X-Team", "ours")),
        ("x_y!: \t a  b ", Header("x_y!", "a  b")),
        ("X: a: b", Header("X", "a: b")),
    ],
)
def test_a_header_is_a_name_and_a_value(text: str, parsed: Header) -> None:
    """Spaces around the value do not count; further colons belong to it."""
    assert header(text) == parsed


@pytest.mark.parametrize(
    "text",
    ["", "X", ":", ": x", "X:", "X: ", "a b: c", "X: a\r\nY: b", "X: a\n", "X: \x00", "X: é",
     "é: x", "Content-Length: 5", "transfer-encoding: chunked", "CONNECTION: close", "X\r: a"],
)  # fmt: skip
def test_a_header_that_would_break_the_request_is_refused(text: str) -> None:
    """Line ends, other control characters, and headers of the framing are refused."""
    with pytest.raises(argparse.ArgumentTypeError):
        header(text)


def test_a_header_of_the_judge_is_replaced_and_others_may_repeat() -> None:
    """Host and Accept are the user's if given; a name that is given twice is sent twice."""
    ours = (Header("host", "other.example"), Header("X", "1"), Header("X", "2"))
    target = Address("h", 9999, headers=(*ours, Header("ACCEPT", "*/*")))
    expected = ["host: other.example", "X: 1", "X: 2", "ACCEPT: */*"]
    assert head_lines(get(target, "/")) == expected
    framed = ["Content-Type: application/json", *expected, "Content-Length: 2"]
    assert head_lines(post(target, "/", b"{}")) == framed


def test_two_hosts_are_refused() -> None:
    """A request with two Host headers is no HTTP: exit code 2."""
    ran = loadtest("run", "http://h", "--header", "Host: a", "--header", "host: b")
    assert ran.code == 2
    assert "only one Host" in ran.out


def test_host_has_no_port_of_the_scheme() -> None:
    """Host names the port only where it is not the scheme's own, as in curl."""
    assert head_lines(get(Address("h", 80), "/"))[0] == "Host: h"
    assert head_lines(get(Address("h", 443), "/"))[0] == "Host: h:443"
    assert head_lines(get(Address("::1", 8080), "/"))[0] == "Host: [::1]:8080"


def test_a_line_for_a_shell_has_the_header_but_no_credential() -> None:
    """A curl line has the user's headers; the value of a credential is hidden."""
    headers = (Header("X-Team", "it's"), Header("X-API-Key", SECRET), Header("Host", "other"))
    target = Address("h", 9999, headers=headers)
    line = curl_line(target, get(target, "/x"))
    assert "-H 'X-Team: it'\"'\"'s'" in line
    assert "-H 'X-API-Key: …'" in line
    assert "-H 'Host: other'" in line
    assert line.endswith(" http://h:9999/x")


@pytest.mark.parametrize("name", ["Authorization", "cookie", "X-Api-Key", "Proxy-Authorization"])
@pytest.mark.parametrize("command", [("run", "-n", 2_000), ("check",)])
def test_a_credential_is_in_no_report(
    serve: Serve, tmp_path: Path, name: str, command: tuple[object, ...]
) -> None:
    """Text, JSON and page of a run with examples have the header without its value."""
    page = tmp_path / "page.html"
    words = (*command, f"127.0.0.1:{serve('babble')}", "--header", f"{name}: {SECRET}")
    ran = loadtest(*words, "--html", page, folder=tmp_path)
    assert ran.code == 1
    for text in (ran.out, ran.path.read_text(), page.read_text()):
        assert SECRET not in text
        assert f"{name}: …" in text
