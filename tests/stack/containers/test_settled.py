"""Settings in containers are read as Compose reads them, and compared with the running ones."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.help.dotenv_cases import READ
from tests.stack.containers.conftest import Containers

COMPOSE = """\
services:
  one:
    image: none
    environment: {%s}
"""


@pytest.mark.parametrize("case", READ)
def test_compose_reads_what_we_read(tmp_path: Path, case: str) -> None:
    """A docker-compose.yml started by hand gets the same settings from the same file."""
    content, values = READ[case]
    (tmp_path / ".env").write_bytes(content)
    pairs = ", ".join(f'{name}: "${{{name}-}}"' for name in values)
    (tmp_path / "docker-compose.yml").write_text(COMPOSE % pairs)
    done = subprocess.run(
        ["docker", "compose", "config", "--format", "json"],
        cwd=tmp_path, env={"PATH": os.environ["PATH"]}, check=True, capture_output=True, text=True,
    )  # fmt: skip
    found = json.loads(done.stdout)["services"]["one"].get("environment") or {}
    # The output doubles each dollar sign, as a Compose file would need it.
    assert {name: value.replace("$$", "$") for name, value in found.items()} == values


def test_restart_refuses_settings_that_the_containers_do_not_run_with(stack: Containers) -> None:
    """`restart` names the settings that differ, and changes nothing; spelling is no difference."""
    before = [stack.inspect(name)["State"]["StartedAt"] for name in ("api01", "api02", "nginx")]
    others: tuple[dict[str, str], ...] = (
        {"BIND": "127.0.0.1"},
        {"OPS_PORT": "off"},
        {"PORT": "1"},
        {"RINHA_AUDIT_EVERY": "6h"},
        {"RINHA_EDITION": "2023q3", "NETWORK": "bridge"},
        {"RINHA_IDEMPOTENCY_HOURS": "48"},
        {"RINHA_LOCK_WAIT_MS": "500"},
        {"RINHA_LOG_LEVEL": "debug"},
        {"RINHA_REPLICA": "file:///tmp/rinha-test-copy"},
        {"RINHA_RESET": "off", "RINHA_SYNCHRONOUS": "NORMAL"},
    )
    for environment in others:
        names = ", ".join(name for name in environment if name != "NETWORK")
        said = stack.make("restart", check=False, **environment)
        assert f"runs with other settings ({names}): `make up` applies them" in said
    same = {"RINHA_RESET": "ON", "RINHA_EDITION": "2024q1", "RINHA_SYNCHRONOUS": "full"}
    assert "is up already" in stack.make("up", check=True, **same)
    after = [stack.inspect(name)["State"]["StartedAt"] for name in ("api01", "api02", "nginx")]
    assert before == after
