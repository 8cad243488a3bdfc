"""The stack on the host's network, as `make up` starts it without settings."""

import socket
from collections.abc import Iterator

import pytest

from tests.stack.containers.conftest import Containers

PORT = 9999


@pytest.fixture
def on_host() -> Iterator[Containers]:
    """A stack without settings of ports; it is skipped where the contest's port is taken."""
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", PORT)) == 0:
            pytest.skip(f"something listens on port {PORT}")
    containers = Containers("rinha-host")
    containers.port = PORT
    containers.environment |= {"PORT": "", "OPS_PORT": "off"}
    yield containers
    containers.compose("down", "--volumes")


def test_up_uses_the_hosts_network(on_host: Containers) -> None:
    """Without settings nginx is on the host's network, the instances on none; the service answers,
    and `up` and `down` know the stack."""
    assert "on the host's network" in on_host.make("up")
    assert on_host.client().transact(1, 1, "c").status == 200
    modes = [on_host.inspect(name)["HostConfig"]["NetworkMode"] for name in ("nginx", "api01")]
    assert modes == ["host", "none"]
    assert "is up already" in on_host.make("up")
    said = on_host.make("up", check=False, PORT="8888")
    assert "runs with other settings (PORT): `make down` first" in said
    assert "is down" in on_host.make("down")
