"""A replica that a container of its own writes."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack.containers.conftest import Containers

FOLLOWS_MAX_S = 40.0
# Covers a read of the WAL each second, the upload, and a machine that others use too.
SENT_AFTER_S = 5.0


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Containers]:
    containers = Containers("rinha-followed")
    containers.environment |= {"RINHA_REPLICA": f"file://{tmp_path}/copy", "OPS_PORT": "off"}
    containers.compose("down", "--volumes", "--remove-orphans")
    yield containers
    containers.compose("down", "--volumes", "--remove-orphans")


def wait_until_follows(containers: Containers) -> None:
    deadline = time.monotonic() + FOLLOWS_MAX_S
    while " is up to date, " not in containers.make("status"):
        assert time.monotonic() < deadline, containers.make("status")
        time.sleep(0.5)


def test_a_removed_volume_is_restored(followed: Containers) -> None:
    """A removed volume is restored from the replica, and an empty ledger never overwrites it."""
    followed.make("up")
    wait_until_follows(followed)
    assert followed.client().transact(1, 7, "d").status == 200
    time.sleep(SENT_AFTER_S)
    assert "in use" in followed.make("restore", check=False)
    followed.run("docker", "kill", *map(followed.container, ("api01", "api02", "nginx", "replica")))
    followed.make("down")
    followed.run("docker", "volume", "rm", "rinha-followed_ledger")
    assert "make restore FROM=replica" in followed.make("up", check=False)
    assert "1 transactions of 5 clients, every promise holds" in followed.make("restore")
    followed.make("up")
    assert followed.client().extrato(1)["saldo"]["total"] == -7
    wait_until_follows(followed)


def test_it_is_outside_the_contests_limits_and_closed(followed: Containers) -> None:
    """The replica's container has small limits and no capability, apart from the three services."""
    followed.make("up")
    parts = json.loads(followed.run("docker", "inspect", followed.container("replica")))[0]
    host = parts["HostConfig"]
    assert (host["NanoCpus"], host["Memory"]) == (200_000_000, 100 * 1024 * 1024)
    assert (host["CapDrop"], host["ReadonlyRootfs"]) == (["ALL"], True)
    assert set(json.loads(followed.compose("config", "--format", "json"))["services"]) == {
        *("api01", "api02", "nginx")
    }
