"""Requirements on a machine, and the help of the Makefile."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.help.checkout import Checkout
from tests.help.commands import assert_refused, run
from tests.help.other_users import NOBODY
from tests.help.running import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()
# Variables that the Makefile or make itself sets.
OWN = {*re.findall(r"^(?:override )?([A-Z_]+) :?= ?", MAKEFILE, re.MULTILINE), "MAKEFILE_LIST"}


def supported() -> tuple[str, str]:
    """Returns the oldest and the newest supported Python."""
    text = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    found = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", text)
    assert found
    return f"3.{found[1]}", f"3.{int(found[2]) - 1}"


def test_packages_are_found_in_the_clone_whatever_python_is_told(checkout: Checkout) -> None:
    """Python looks for packages in this folder, also where PYTHONSAFEPATH forbids it."""
    env = {"MODE": "local", "PYTHONSAFEPATH": "1"}
    assert run("make", "-s", "status", cwd=checkout.folder, env=env).out == "rinha is not up\n"


@pytest.mark.parametrize("version", ["3.10.4", "3.14.0"])
def test_another_python_is_refused_in_one_line(tmp_path: Path, version: str) -> None:
    """Another Python is refused in one line with its version and the supported ones."""
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\n[ "$1" = -V ] && echo Python {version}\n')
    python.chmod(0o755)
    err = assert_refused(
        run(ROOT / "stack" / "setup.sh", "service", env={"PYTHON": str(python)}), code=1
    )
    oldest, newest = supported()
    assert f"this is Python {version}, Python {oldest} to {newest} are supported" in err


@pytest.mark.parametrize(("page", "to"), [("README.md", "to"), ("README.pt-BR.md", "a")])
def test_the_readme_names_the_pythons_that_are_supported(page: str, to: str) -> None:
    """Both READMEs name the range of Python versions of pyproject.toml."""
    oldest, newest = supported()
    assert f"Python {oldest} {to} {newest}" in (ROOT / page).read_text()


def test_help_lists_every_target_and_variable() -> None:
    """`make help` lists every target and every variable."""
    out = run("make", "help").out
    listed = set(re.findall(r"^  ([A-Z_]+(?:, [A-Z_]+)*) ", out, re.MULTILINE))
    variables = {name.strip() for names in listed for name in names.split(",")}
    used = set(re.findall(r"\$\$?[{(]([A-Z_]+)\b", MAKEFILE))
    assert used - OWN <= variables
    internal = {"loadtest", "local", "lint-tools"}
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE)) - internal
    assert targets == set(re.findall(r"^  make ([a-z-]+)", out, re.MULTILINE))


@pytest.fixture
def cut_off(checkout: Checkout) -> dict[str, str]:
    """An environment without nginx, SQLite's shell and the means to install them."""
    folder = checkout.folder / "few"
    folder.mkdir()
    for program in Path("/usr/bin").iterdir():
        if program.name not in ("sqlite3", "nginx", "apt-get", "sudo"):
            (folder / program.name).symlink_to(program)
    return {**os.environ, "PATH": str(folder), "MODE": "local"}


def test_what_looks_or_stops_needs_no_package(checkout: Checkout, cut_off: dict[str, str]) -> None:
    """The targets status, stats and down work even if a package is gone since the start."""
    assert checkout.stack("up")[0] == 0
    for target in ("status", "stats", "down"):
        done = run("make", target, cwd=checkout.folder, env=cut_off)
        assert done.code == 0, done.text
    assert "rinha is down" in done.out


@pytest.mark.parametrize("way", ["a file", "another user's"])
def test_a_var_that_cannot_be_written_is_said(checkout: Checkout, way: str) -> None:
    """A var that cannot be written gives one line with its path and the reason."""
    user = None
    if way == "a file":
        (checkout.folder / "var").touch()
    else:
        if os.geteuid():
            pytest.skip("only root can become another user")
        checkout.folder.chmod(0o755)
        user = NOBODY
    done = subprocess.run(
        [checkout.folder / "stack" / "setup.sh", "service"],
        user=user,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    reason = "Permission denied" if user else "File exists"
    assert f"rinha: cannot write to {checkout.folder}/var ({reason})" in done.stderr


# A Python whose venvs have a pip that writes a script, or fails if there is a file `offline`.
FAKE_PYTHON = """#!/bin/sh
case "$1 $2" in
"-V ") echo Python 3.0 ;;
"-m venv") mkdir "$3" "$3/bin" && cp "$0" "$3/bin/python" ;;
"-m pip") [ ! -e offline ] && echo "#!$PWD/$0" >"${0%/*}/script" && echo "$*" >>"${0%/*}/asked" ;;
esac
"""


@pytest.mark.parametrize("is_online", [False, True])
def test_an_environment_serves_until_the_next_one_is_complete(
    checkout: Checkout, *, is_online: bool
) -> None:
    """A .venv of older locks stays if the next cannot be made; that has the stack's sets too."""
    top, venv = checkout.folder, checkout.folder / ".venv"
    (top / "python").write_text(FAKE_PYTHON)
    (top / "python").chmod(0o755)
    venv.unlink()
    venv.mkdir()
    for name in ("replica", "loadtest"):
        (venv / f"{name}.made-for").write_text("older locks\n")
    if not is_online:
        (top / "offline").touch()
    done = run(top / "stack/setup.sh", "loadtest", cwd=top, env={"PYTHON": str(top / "python")})
    assert (done.code == 0) == is_online, done.text
    made = [(venv / f"{name}.made-for").read_text() for name in ("replica", "loadtest")]
    assert ("older locks\n" in made) != is_online
    assert not is_online or (venv / "bin/script").read_text() == f"#!{venv}/bin/python\n"
    assert not is_online or "locks/replica.txt" in (venv / "bin/asked").read_text()


def test_a_search_path_of_cd_changes_nothing() -> None:
    """CDPATH makes `cd` print a folder, which is no mode of the stack."""
    done = run(ROOT / "stack/mode.sh", env={"CDPATH": ".:/"})
    relative = run("stack/mode.sh", env={"CDPATH": ".:/"})
    assert done.out == relative.out
    assert relative.out in ("local\n", "docker\n")


def test_how_long_the_tests_take_is_said_alike() -> None:
    """Help, the contributor's page and the guarantees give the same duration of the tests."""
    pages = [MAKEFILE, (ROOT / "CONTRIBUTING.md").read_text()]
    pages.append((ROOT / "docs" / "guarantees.md").read_text())
    found = [
        re.findall(r"^(?:test: |\| `make test`).*?(\w+ minutes)", page, re.M) for page in pages
    ]
    assert found == [["ten minutes"]] * 3


def test_the_units_need_no_server() -> None:
    """`make unit` needs no package from apt and runs no test that starts a server."""
    setup, tests = run("make", "-n", "unit", "MODE=local").out.splitlines()
    assert setup == "stack/setup.sh lint"
    script = (ROOT / "stack" / "setup.sh").read_text()
    assert not re.search(r"\blint\b[^;]*\) *\n *need", script)
    collect = tests.replace(" -n 3 ", " --collect-only -p no:xdist ")
    listed = run("sh", "-c", f"{collect} tests/service").out
    assert "tests/service/test_settings.py::" in listed
    assert "[sqlite" in listed
    assert not re.search(r"\[postgres[]-]", listed)
