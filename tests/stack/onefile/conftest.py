"""The executables that `make dist` has built from this checkout."""

import platform
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.help.running import ROOT
from tests.stack.onefile.started import OneFile

VERSION = (ROOT / "VERSION").read_text().strip()


@pytest.fixture(scope="session")
def executables() -> dict[str, Path]:
    """Returns the paths of the stack's and the judge's executable."""
    paths = {
        name: ROOT / "dist" / f"{name}-{VERSION}-linux-{platform.machine()}"
        for name in ("rinha", "loadtest")
    }
    if not all(path.exists() for path in paths.values()):
        pytest.skip("dist/ has no executables: `make dist` builds them")
    return paths


@pytest.fixture
def onefile(executables: dict[str, Path]) -> Iterator[OneFile]:
    with tempfile.TemporaryDirectory() as folder:
        started = OneFile(executables["rinha"], Path(folder).resolve())
        yield started
        started.run("down")
