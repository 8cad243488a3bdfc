"""The README's commands on a new machine, exactly as the pages show them.

The machine is a bare Debian with a clone of the committed files. Its index has a newer release of
each locked package.

One Debian runs every test; the other runs tests that start processes. The units run on its Python
in the image.
"""

import json
import re
import socket
from collections.abc import Iterator

import pytest

from tests.help.invented_packages import newer_releases
from tests.help.running import ROOT
from tests.stack.fresh.bare_root import NEWER, BareRoot

SUITES = ("bookworm", "trixie")
WHOLE_ON = "bookworm"
# In this order: each page leaves the stack as the next one expects it.
PAGES = ("README.md", "docs/ledger.md", "docs/pessoas.md")
BLOCK = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Commands that load for minutes or need a terminal; the rest of these blocks is run.
LEFT_OUT = re.compile(r"make (load|gatling|submission|bench|sql *$)")


def blocks() -> list[str]:
    return [block for page in PAGES for block in BLOCK.findall((ROOT / page).read_text())]


def first_commands() -> list[str]:
    """Returns the two commands that do all the set-up."""
    return [line.partition("#")[0].strip() for line in blocks()[0].splitlines()]


def shown_commands() -> Iterator[tuple[str, str]]:
    """Returns each command after a prompt, and the answer that the page shows below it."""
    for block in blocks()[1:]:
        for shown in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, answer = shown.partition("\n")
            steps = command.partition("  #")[0].strip().split(" && ")
            if kept := [step for step in steps if not LEFT_OUT.match(step)]:
                yield " && ".join(kept), answer


def shape(value: object) -> object:
    """Returns the names and types of a JSON answer, without its times and balances."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    return [shape(inner) for inner in value] if isinstance(value, list) else type(value)


@pytest.fixture(scope="module")
def roots() -> Iterator[dict[str, BareRoot]]:
    """Starts to make all roots at once: most of the time is spent waiting for a mirror."""
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", 9999)) == 0:
            pytest.fail("something listens on port 9999, which the README's commands need")
    made = {suite: BareRoot(suite) for suite in SUITES}
    yield made
    for root in made.values():
        root.remove()


@pytest.fixture
def root(suite: str, roots: dict[str, BareRoot]) -> Iterator[BareRoot]:
    roots[suite].wait()
    yield roots[suite]
    # Removed at once, because the next root needs the port.
    roots[suite].remove()


@pytest.mark.parametrize("suite", SUITES)
def test_the_readme_works_on_a_bare_debian(suite: str, root: BareRoot) -> None:
    """With only python3, make, git and certificates installed, every command works as shown."""
    newer_releases(root.path / NEWER.lstrip("/"))
    if suite == WHOLE_ON:
        root.run("make lint")
    root.run("! command -v nginx && ! command -v runsvdir && ! command -v gcc")
    up, test = first_commands()
    assert (up, test) == ("make up", "make test")
    root.run(up)
    for command, answer in shown_commands():
        said = root.run(command)
        if command.startswith("curl"):
            # Without a terminal curl prints its progress before the answer.
            assert shape(json.loads(said[said.index("{") :])) == shape(json.loads(answer))
    assert "rinha is not up" in root.run("make status || true"), "the pages stop what they start"
    if suite == WHOLE_ON:
        said = root.run(test)
        assert " passed" in said
        assert not re.search(r"[1-9]\d* (skipped|warning)", said)
    else:
        root.run("make dev")
        started = "tests/service/started tests/promises/p5_input"
        root.run(f".venv/bin/python -m pytest -q -n 4 -m 'starts and not slow' {started}")
