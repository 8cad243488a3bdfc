"""CREDITS.md names what the project is made of."""

import re
import tomllib
from itertools import chain

import pytest

from tests.test_tidy import ROOT

CREDITS = (ROOT / "CREDITS.md").read_text()
# The lock files of the programs that users run.
LOCKS = ("service", "ops", "postgres", "replica", "loadtest", "build", "lock")
PROGRAMS = ("nginx", "SQLite", "runit", "Litestream", "Patroni", "PostgreSQL", "etcd", "Gatling")


def locked() -> set[str]:
    """Returns the packages of these locks that are installed on Linux."""
    lines = chain.from_iterable(
        (ROOT / f"locks/{name}.txt").read_text().splitlines() for name in LOCKS
    )
    pinned = [line for line in lines if "==" in line and "win32" not in line]
    return {re.split(r"[=\[]", line)[0] for line in pinned}


def declared() -> set[str]:
    """Returns the packages that pyproject.toml names, for any purpose."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    named = [one for group in groups.values() for one in group if isinstance(one, str)]
    return {re.split(r"[><=\[]", one)[0] for one in named}


@pytest.mark.parametrize("name", sorted(locked() | declared() | set(PROGRAMS)))
def test_everything_used_is_credited(name: str) -> None:
    """Each package of the locks and of pyproject.toml, and each program, is a row's first cell."""
    cells = re.findall(r"^\| (.+?) \|", CREDITS, re.MULTILINE)
    assert any(name in re.findall(r"[\w-]+", cell) for cell in cells)


def test_every_compared_entry_is_credited() -> None:
    """Each entry of the league is linked."""
    entries = list((ROOT / "docs/league/entries").glob("*/entry.json"))
    assert entries
    for entry in entries:
        found = re.search(r'"url": "([^"]+)"', entry.read_text())
        assert found
        assert f"]({found[1]})" in CREDITS
