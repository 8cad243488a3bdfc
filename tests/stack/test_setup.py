"""What a machine must have, and what the Makefile says of itself."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.help.running import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()
# Set in the Makefile itself.
OWN = {
    "ALL_TESTS",
    "ANSWERS",
    "EDITIONS",
    "ELSEWHERE",
    "GATLING_TEST",
    "MAKEFILE_LIST",
    "NAMED",
    "PLAYED",
    "RINHA_EDITION",
    "PY",
    "PYTEST",
    "READY",
    "STACK",
    "UNIT_TESTS",
}


def supported() -> tuple[str, str]:
    """The oldest and the newest Python that is promised."""
    text = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    found = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", text)
    assert found
    return f"3.{found[1]}", f"3.{int(found[2]) - 1}"


@pytest.mark.parametrize("version", ["3.10.4", "3.14.0"])
def test_another_python_is_refused_in_one_line(tmp_path: Path, version: str) -> None:
    """Too old or too new: what is there, what is supported, and how to name another one."""
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\n[ "$1" = -V ] && echo Python {version}\n')
    python.chmod(0o755)
    done = subprocess.run(
        [ROOT / "stack" / "setup.sh", "service"],
        env={**os.environ, "PYTHON": str(python)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    oldest, newest = supported()
    assert f"this is Python {version}, Python {oldest} to {newest} are supported" in done.stderr


@pytest.mark.parametrize(("page", "to"), [("README.md", "to"), ("README.pt-BR.md", "a")])
def test_the_readme_names_the_pythons_that_are_supported(page: str, to: str) -> None:
    """One range, that of pyproject.toml, in both languages."""
    oldest, newest = supported()
    assert f"Python {oldest} {to} {newest}" in (ROOT / page).read_text()


def test_help_lists_every_target_and_variable() -> None:
    """Help shows all that can be said to make."""
    done = subprocess.run(["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True)
    listed = set(re.findall(r"^  ([A-Z_]+(?:, [A-Z_]+)*) ", done.stdout, re.MULTILINE))
    variables = {name.strip() for names in listed for name in names.split(",")}
    used = set(re.findall(r"\$\$?[{(]([A-Z_]+)\b", MAKEFILE))
    assert used - OWN <= variables
    internal = {"loadtest", "local", "lint-tools"}
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE)) - internal
    assert targets == set(re.findall(r"^  make ([a-z-]+)", done.stdout, re.MULTILINE))
