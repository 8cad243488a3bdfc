"""What `make dist` has made of this checkout."""

import platform
import tomllib
from pathlib import Path

import pytest

from tests.help.running import ROOT

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


@pytest.fixture(scope="session")
def executables() -> dict[str, Path]:
    """The stack and the judge."""
    return {
        name: ROOT / "dist" / f"{name}-{VERSION}-linux-{platform.machine()}"
        for name in ("rinha", "loadtest")
    }
