"""What runs in a node's container: its etcd and its Patroni, watched by runit, and the ledger's
database once there is a primary."""

import json
import os
import signal
import sys
from pathlib import Path
from types import FrameType

from stack.cluster import watch
from stack.cluster.limits import DOWN_MAX_S, FIRST_CONTAINER, FIRST_PORT
from stack.cluster.nodes import COUNT, ROLE, Node, make_nodes
from stack.cluster.runit import Services
from stack.machines import Machine

TOP = Path("/cluster")
PASSWORDS, NETWORK, NODE = "CLUSTER_PASSWORDS", "CLUSTER_NETWORK", "CLUSTER_NODE"


def nodes_on(network: str) -> list[Node]:
    """Each under an address of its own, the same from inside and from this machine."""
    machines = [Machine(f"{network}.{FIRST_CONTAINER + number}") for number in range(COUNT)]
    return make_nodes(FIRST_PORT, TOP, machines)


def run() -> None:
    """Until it is told to stop, or its supervisor is gone."""
    nodes, passwords = nodes_on(os.environ[NETWORK]), json.loads(os.environ.pop(PASSWORDS))
    (node,) = [each for each in nodes if each.name == os.environ[NODE]]
    node.write(nodes, passwords)
    services = Services(TOP)
    services.write(f"etcd-{node.name}", node.etcd(nodes))
    services.write(f"patroni-{node.name}", node.patroni())
    signal.signal(signal.SIGTERM, _stop)
    services.start()
    try:
        os.wait()
    finally:
        # etcd last: who stops says so there.
        services.end(DOWN_MAX_S, "patroni*", "etcd*")


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit


def database() -> None:
    """On the primary, asked of whichever node this is: nothing, unless it is that one."""
    nodes, passwords = nodes_on(os.environ[NETWORK]), json.loads(os.environ[PASSWORDS])
    primary = watch.primary(nodes)
    if primary and primary.name == os.environ[NODE]:
        watch.make_database(primary, passwords[ROLE])


if __name__ == "__main__":
    {"run": run, "database": database}[sys.argv[1]]()
