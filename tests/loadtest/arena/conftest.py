"""A `docker` of the tests' own on the PATH."""

import json
import os
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.loadtest.arena import fake_docker
from tests.loadtest.arena.inspected import inspected
from tests.loadtest.command import ROOT

Play = Callable[..., Path]


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Play]:
    """Yields a function that puts a fake `docker`, which plays a scenario, first on the PATH."""
    folder = tmp_path / "docker"

    def start(**scenario: Any) -> Path:
        folder.mkdir()
        program = folder / "docker"
        program.write_text(f"#!{sys.executable}\n{Path(fake_docker.__file__).read_text()}")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        usual: dict[str, Any] = {"root": str(ROOT), "services": {"api": {"image": "api:1"}}}
        usual["containers"] = [inspected("api", publishes={9999: 9999})]
        (folder / "scenario.json").write_text(json.dumps(usual | scenario))
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        return folder

    yield start
    if folder.exists():
        fake_docker.stop(folder)
