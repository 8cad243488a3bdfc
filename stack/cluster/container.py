"""What runs in a node's container: its etcd and its Patroni, watched by runit, and the ledger's
database once there is a primary.

Passwords and keys are handed over on stdin to a container that runs, and are kept in its volume:
they are in no environment, so `docker inspect` does not show them.
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
    """Each under an address of its own, the same from inside and from this machine."""
    machines = [Machine(f"{network}.{FIRST_CONTAINER + number}") for number in range(COUNT)]
    return make_nodes(FIRST_PORT, TOP, machines)


def run() -> None:
    """Until it is told to stop, or its supervisor is gone."""
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
        # etcd last: who stops says so there.
        services.end(DOWN_MAX_S, "patroni*", "etcd*")


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit


def take() -> None:
    """Keeps the secrets that come on stdin."""
    write_secret(SECRETS, sys.stdin.read())


def database() -> None:
    """On the primary, asked of whichever node this is: nothing, unless it is that one."""
    primary = watch.primary(nodes_on(os.environ[NETWORK]))
    if primary and primary.name == os.environ[NODE]:
        watch.make_database(primary, json.loads(SECRETS.read_text())["passwords"][ROLE])


if __name__ == "__main__":
    {"run": run, "take": take, "database": database}[sys.argv[1]]()
