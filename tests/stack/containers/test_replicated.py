"""A replica that a container of its own writes."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack.containers.conftest import Containers

REPLICATED_MAX_S = 40.0
# Covers a read of the WAL each second, the upload, and a machine that others use too.
SENT_AFTER_S = 5.0


@pytest.fixture
def replicated(tmp_path: Path) -> Iterator[Containers]:
    containers = Containers("rinha-replicated")
    containers.environment |= {"RINHA_REPLICA": f"file://{tmp_path}/copy", "OPS_PORT": "off"}
    containers.compose("down", "--volumes", "--remove-orphans")
    yield containers
    containers.compose("down", "--volumes", "--remove-orphans")


def wait_until_replicated(containers: Containers) -> None:
    deadline = time.monotonic() + REPLICATED_MAX_S
    while " is up to date, " not in containers.make("status"):
        assert time.monotonic() < deadline, containers.make("status")
        time.sleep(0.5)


def test_a_removed_volume_is_restored(replicated: Containers) -> None:
    """A removed volume is restored from the replica, and an empty ledger never overwrites it."""
    replicated.make("up")
    wait_until_replicated(replicated)
    assert replicated.client().transact(1, 7, "d").status == 200
    time.sleep(SENT_AFTER_S)
    assert "in use" in replicated.make("restore", check=False)
    replicated.run(
        "docker", "kill", *map(replicated.container, ("api01", "api02", "nginx", "replica"))
    )
    replicated.make("down")
    replicated.run("docker", "volume", "rm", "rinha-replicated_ledger")
    assert "make restore FROM=replica" in replicated.make("up", check=False)
    assert "1 transactions of 5 clients, every promise holds" in replicated.make("restore")
    replicated.make("up")
    assert replicated.client().extrato(1)["saldo"]["total"] == -7
    wait_until_replicated(replicated)


def test_it_is_outside_the_contests_limits_and_closed(replicated: Containers) -> None:
    """The replica's container has small limits and no capability, apart from the three services."""
    replicated.make("up")
    parts = json.loads(replicated.run("docker", "inspect", replicated.container("replica")))[0]
    host = parts["HostConfig"]
    assert (host["NanoCpus"], host["Memory"]) == (200_000_000, 100 * 1024 * 1024)
    assert (host["CapDrop"], host["ReadonlyRootfs"]) == (["ALL"], True)
    assert set(json.loads(replicated.compose("config", "--format", "json"))["services"]) == {
        *("api01", "api02", "nginx")
    }
