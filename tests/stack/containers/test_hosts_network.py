"""The stack on the host's network, as `make up` starts it without settings."""

import socket
from collections.abc import Iterator

import pytest

from tests.help.constant_rate import CONNECTIONS
from tests.help.new_connections import NewConnections
from tests.help.ports import free_port
from tests.help.running import Client
from tests.stack.containers.conftest import Containers

PORT, OPS_PORT = 9999, 9990


@pytest.fixture
def on_host() -> Iterator[Containers]:
    """A stack without settings of ports; it is skipped where one of its ports is taken."""
    for port in (PORT, OPS_PORT):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                pytest.skip(f"something listens on port {port}")
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
    other = free_port()
    text = on_host.make("up", PORT=str(other))
    assert "(changed while it served: PORT)\n" in text
    assert "warning: nginx itself is replaced" in text, "the bridge can map another port"
    assert Client(other)("GET", "/health").status == 200
    assert "is down" in on_host.make("down")


def test_another_nginx_starts_beside_the_old_one(on_host: Containers) -> None:
    """On the host's network another nginx listens before the old one ends, under load.

    At worst the connections that the old one had not yet accepted fail.
    """
    on_host.make("up")
    with NewConnections(PORT, 340, seed=1) as load:
        text = on_host.make("up", OPS_PORT=str(OPS_PORT))
    assert text.endswith("(changed while it served: OPS_PORT)\n")
    assert len(load.failed) <= CONNECTIONS
    load.assert_explains_every_balance()
    assert Client(OPS_PORT)("GET", "/metrics").status == 200
    names = on_host.run(
        "docker", "ps", "--filter", "name=rinha-host-nginx", "--format", "{{.Names}}"
    )
    assert names == "rinha-host-nginx-2\n"
