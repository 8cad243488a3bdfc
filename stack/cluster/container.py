"""The commands in a node's container: run etcd and Patroni under runit, or make the database.

A running container gets passwords and keys on stdin, and keeps them in its volume. They are in no
environment, so `docker inspect` does not show them.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from stack.cluster import watch
from stack.cluster.limits import DOWN_MAX_S, FIRST_CONTAINER, FIRST_PORT, LOOK_AGAIN_S
from stack.cluster.nodes import COUNT, ROLE, Node, make_nodes, write_secret
from stack.cluster.runit import Services
from stack.machines import Machine

TOP = Path("/cluster")
SECRETS = TOP / "secrets.json"
NETWORK, NODE = "CLUSTER_NETWORK", "CLUSTER_NODE"


def nodes_on(network: str) -> list[Node]:
    """Returns the nodes, each with an address that is the same in a container and on the host."""
    machines = [Machine(f"{network}.{FIRST_CONTAINER + number}") for number in range(COUNT)]
    return make_nodes(FIRST_PORT, TOP, machines)


def run() -> None:
    """Runs etcd and Patroni until SIGTERM, or until their supervisor has died."""
    signal.signal(signal.SIGTERM, _stop)
    while not SECRETS.exists():
        time.sleep(LOOK_AGAIN_S)
    nodes = nodes_on(os.environ[NETWORK])
    (node,) = [each for each in nodes if each.name == os.environ[NODE]]
    node.write(nodes, **json.loads(SECRETS.read_text()))
    services = Services(TOP)
    services.write(f"etcd-{node.name}", node.etcd(nodes))
    services.write(f"patroni-{node.name}", node.patroni())
    services.start()
    try:
        os.wait()
    finally:
        # etcd stops last: a Patroni that stops releases its leader lock there.
        services.end(DOWN_MAX_S, "patroni*", "etcd*")


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit


def take() -> None:
    """Writes the secrets from stdin to a file in the volume."""
    write_secret(SECRETS, sys.stdin.read())


def database() -> None:
    """Makes the ledger's database if this node is the primary; otherwise does nothing."""
    primary = watch.primary(nodes_on(os.environ[NETWORK]))
    if primary and primary.name == os.environ[NODE]:
        watch.make_database(primary, json.loads(SECRETS.read_text())["passwords"][ROLE])


if __name__ == "__main__":
    {"run": run, "take": take, "database": database}[sys.argv[1]]()
