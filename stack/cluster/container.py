"""The commands in a node's container: run etcd and Patroni under runit, or make the database.

A running container gets passwords and keys on stdin, and keeps them in its volume. They are in no
environment, so `docker inspect` does not show them.
"""

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from stack.cluster import status
from stack.cluster.limits import FIRST_CONTAINER, FIRST_PORT, POLL_S, STOP_MAX_S
from stack.cluster.nodes import COUNT, ROLE, Node, make_nodes, parts_of, write_secret
from stack.machines import Machine
from stack.run.runit import Runit

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
        time.sleep(POLL_S)
    nodes = nodes_on(os.environ[NETWORK])
    (node,) = [each for each in nodes if each.name == os.environ[NODE]]
    node.write(nodes, **json.loads(SECRETS.read_text()))
    runit = Runit(TOP, STOP_MAX_S)
    runit.write(parts_of([node], nodes))
    runit.start()
    try:
        os.wait()
    finally:
        runit.stop()


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit


def take() -> None:
    """Writes the secrets from stdin to a file in the volume."""
    write_secret(SECRETS, sys.stdin.read())


def database() -> None:
    """Makes the ledger's database if this node is the primary; otherwise does nothing."""
    primary = status.primary(nodes_on(os.environ[NETWORK]))
    if primary and primary.name == os.environ[NODE]:
        status.make_database(primary, json.loads(SECRETS.read_text())["passwords"][ROLE])


COMMANDS = {"run": run, "take": take, "database": database}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    COMMANDS[parser.parse_args().command]()
