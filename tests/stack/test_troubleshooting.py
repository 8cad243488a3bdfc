"""docs/troubleshooting.md: each symptom is provoked, and its commands print what the page says."""

import contextlib
import os
import re
import shlex
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.help.checkout import Checkout
from tests.help.commands import run, wait_until
from tests.help.other_users import NOBODY
from tests.help.running import ROOT, Client
from tests.help.small_disk import small_disk

PAGE = (ROOT / "docs" / "troubleshooting.md").read_text()
PARTS = [part.partition("\n") for part in PAGE.split("\n## ")[1:]]
RECIPES = "The log, with jq"
UNREACHABLE = "The judge fails at once"
# A ledger, and the megabyte that a start needs.
SIZE_BYTES = 3_000_000
BLOCKS = {title: re.findall(r"```\n(.*?)```", text, re.DOTALL) for title, _, text in PARTS}


@contextlib.contextmanager
def down(_checkout: Checkout) -> Iterator[None]:
    yield


@contextlib.contextmanager
def up(checkout: Checkout) -> Iterator[None]:
    code, text = checkout.stack("up")
    assert code == 0, text
    yield


@contextlib.contextmanager
def without_instances(checkout: Checkout) -> Iterator[None]:
    with up(checkout):
        services = [str(checkout.folder / "var/service" / name) for name in ("api01", "api02")]
        subprocess.run(["sv", "-w", "30", "stop", *services], check=True, capture_output=True)
        wait_until(lambda: Client(checkout.port)("GET", "/health").status == 503)
        yield


@contextlib.contextmanager
def locked(checkout: Checkout) -> Iterator[None]:
    with up(checkout), contextlib.closing(sqlite3.connect(checkout.folder / "var/rinha.db")) as db:
        db.execute("BEGIN IMMEDIATE")
        yield


@contextlib.contextmanager
def port_taken(checkout: Checkout) -> Iterator[None]:
    with socket.create_server(("", checkout.port)):
        yield


@contextlib.contextmanager
def disk_full(checkout: Checkout) -> Iterator[None]:
    var = checkout.folder / "var"
    with small_disk(var, SIZE_BYTES):
        var.chmod(0o700)
        try:
            with up(checkout):
                fill(var / "ballast")
                client = Client(checkout.port)
                wait_until(lambda: client.transact(1, 1, "c").status == 503)
                yield
        finally:
            (var / "ballast").unlink(missing_ok=True)
            checkout.stack("down")


def fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 512)


@contextlib.contextmanager
def other_owner(checkout: Checkout) -> Iterator[None]:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder to another user")
    (checkout.folder / "var").mkdir()
    os.chown(checkout.folder / "var", NOBODY, NOBODY)
    yield


@contextlib.contextmanager
def ledger_moved(checkout: Checkout) -> Iterator[None]:
    with up(checkout):
        ledger = checkout.folder / "var/rinha.db"
        ledger.rename(ledger.with_suffix(".away"))
        # Repeated errors are not logged again, but each instance would log its first.
        client = Client(checkout.port)
        wait_until(lambda: client.transact(1, 1, "c").status == 503)
        client.close()
        wait_until(lambda: "store unavailable" in logged(checkout))
        yield


def logged(checkout: Checkout) -> str:
    files = (checkout.folder / "var/log").glob("api0*/current")
    return "".join(path.read_text() for path in files)


PROVOKED: dict[str, Callable[[Checkout], contextlib.AbstractContextManager[None]]] = {
    "No answer": down,
    UNREACHABLE: down,
    '502, or 503 with "no instance answered"': without_instances,
    '503 "busy", or "database is locked"': locked,
    "422 where none is expected": up,
    "Slow": up,
    "Disk full": disk_full,
    "Permission denied": other_owner,
    "Port taken": port_taken,
}


def pattern_of(line: str) -> str:
    """Returns the shape of a line: numbers, spaces and `…` stand for any others."""
    shape = re.escape(" ".join(line.split()).replace("…", "@any@"))
    return re.sub(r"\d+(?:\\\.\d+)?", r"\\d+(?:\\.\\d+)?", shape).replace("@any@", ".*")


def shown_by(command: str, checkout: Checkout) -> list[str]:
    words = shlex.split(command.replace("9999", str(checkout.port)))
    if words[0] == "make":
        text = checkout.stack(" ".join(words[1:]))[1]
    else:
        own = [sys.executable, "-m", "loadtest"] if words[0] == "loadtest" else [words[0]]
        folder = ROOT if words[0] == "loadtest" else checkout.folder
        text = run(*own, *words[1:], cwd=folder).text
    return [" ".join(line.split()) for line in text.splitlines()]


def test_every_symptom_is_provoked() -> None:
    """Each section of the page has a test, and commands."""
    assert set(BLOCKS) == {*PROVOKED, RECIPES}
    assert all(BLOCKS.values())


@pytest.mark.parametrize("title", PROVOKED)
def test_the_commands_print_what_the_page_says(checkout: Checkout, title: str) -> None:
    """Each command of the page prints the lines that the page shows."""
    with PROVOKED[title](checkout):
        for command, expected in examples(title):
            assert_shown(command, expected, shown_by(command, checkout))


def test_the_judge_ends_with_the_exit_code_of_the_page(checkout: Checkout) -> None:
    """The judge ends with the exit code that the page names."""
    (text,) = (text for title, _, text in PARTS if title == UNREACHABLE)
    (named,) = re.findall(r"exit code is (\d+)", text)
    ((command, _),) = examples(UNREACHABLE)
    args = shlex.split(command.replace("9999", str(checkout.port)))[1:]
    assert run(sys.executable, "-m", "loadtest", *args).code == int(named)


@pytest.mark.tools
@pytest.mark.needs("jq")
def test_the_recipes_for_the_log_print_what_the_page_says(checkout: Checkout) -> None:
    """Each recipe prints the shown lines, in any order of the two instances."""
    with ledger_moved(checkout):
        for command, expected in examples(RECIPES):
            done = run("sh", "-c", command, cwd=checkout.folder)
            shown = [" ".join(line.split()) for line in done.text.splitlines()]
            assert_shown(command, sorted(expected, key=ending), sorted(shown, key=ending))


def ending(line: str) -> str:
    return line[line.find("Z") :]


def examples(title: str) -> Iterator[tuple[str, list[str]]]:
    for block in BLOCKS[title]:
        for example in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *expected = example.splitlines()
            yield command, expected


def assert_shown(command: str, expected: list[str], shown: list[str]) -> None:
    assert len(shown) == len(expected), (command, shown)
    for line, wanted in zip(shown, expected, strict=True):
        assert re.fullmatch(pattern_of(wanted), line), (command, line, wanted)
