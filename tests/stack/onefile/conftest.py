"""What `make dist` has made of this checkout."""

import platform
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.help.running import ROOT
from tests.stack.onefile.started import OneFile

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


@pytest.fixture(scope="session")
def executables() -> dict[str, Path]:
    """The stack and the judge."""
    return {
        name: ROOT / "dist" / f"{name}-{VERSION}-linux-{platform.machine()}"
        for name in ("rinha", "loadtest")
    }


@pytest.fixture
def onefile(executables: dict[str, Path]) -> Iterator[OneFile]:
    with tempfile.TemporaryDirectory() as folder:
        started = OneFile(executables["rinha"], Path(folder).resolve())
        yield started
        started.run("down")
