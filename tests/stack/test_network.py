"""The network that `make up` chooses for containers, with a docker that only answers questions."""

import os
from pathlib import Path

import pytest

from tests.help.checkout import Checkout
from tests.help.commands import run

LOCAL = "unix:///var/run/docker.sock"
DOCKER = """#!/bin/sh
case "$1 $2" in
"info --format") echo "{info}" ;;
"context inspect") echo "{host}" ;;
esac
"""


@pytest.mark.parametrize(
    ("engine", "settings", "network"),
    [
        ((LOCAL, "Ubuntu 24.04 [name=seccomp]"), {}, "the host's network"),
        ((LOCAL, "Ubuntu 24.04"), {"OPS_PORT": "off"}, "the host's network"),
        ((LOCAL, "Ubuntu 24.04"), {"NETWORK": "bridge"}, "the engine's bridge"),
        (
            (LOCAL, "Docker Desktop [name=seccomp]"),
            {},
            "the engine's bridge, because Docker Desktop",
        ),
        (
            (LOCAL, "Debian 12 [name=rootless]"),
            {},
            "the engine's bridge, because the engine is rootless",
        ),
        (
            ("ssh://other", "Debian 12"),
            {},
            "the engine's bridge, because the engine is on another machine",
        ),
        ((LOCAL, "Debian 12"), {"PORT": "8888"}, "the engine's bridge, because PORT=8888"),
        (
            (LOCAL, "Debian 12"),
            {"BIND": "127.0.0.1"},
            "the engine's bridge, because BIND=127.0.0.1",
        ),
        ((LOCAL, "Debian 12"), {"OPS_PORT": "8990"}, "the engine's bridge, because OPS_PORT=8990"),
    ],
)
def test_the_hosts_network_is_used_where_nothing_speaks_against_it(
    checkout: Checkout,
    tmp_path: Path,
    engine: tuple[str, str],
    settings: dict[str, str],
    network: str,
) -> None:
    """`make up` uses the host's network for a local engine, or the bridge and names the reason."""
    docker = tmp_path / "docker"
    host, info = engine
    docker.write_text(DOCKER.format(info=info, host=host))
    docker.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "MODE": "docker", **settings}
    ended = run(checkout.folder / "stack" / "containers.sh", "up", env=environment)
    assert ended.code == 0, ended
    assert f"in containers on {network}" in ended.out
