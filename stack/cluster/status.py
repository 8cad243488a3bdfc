"""The state of a cluster, as Patroni's REST API reports it, and the ledger's database in it."""

import json
from collections.abc import Sequence
from http.client import HTTPException
from typing import Any
from urllib.request import ProxyHandler, build_opener

from stack import postgres
from stack.cluster.limits import ANSWER_MAX_S
from stack.cluster.nodes import DATABASE, ROLE, SUPERUSER, Node

# Ignores the environment's HTTP proxy: a node is on this machine.
OPEN = build_opener(ProxyHandler({})).open
# Newer versions of Patroni report `streaming` for a standby that replicates.
RUNNING = ("running", "streaming")


def members(nodes: Sequence[Node]) -> list[dict[str, Any]]:
    """Returns the members as the first node that answers reports them."""
    for node in nodes:
        try:
            with OPEN(f"{node.api}/cluster", timeout=ANSWER_MAX_S) as answer:
                found: list[dict[str, Any]] = json.load(answer)["members"]
                return found
        except (OSError, HTTPException, ValueError, KeyError):
            continue
    return []


def primary(nodes: Sequence[Node]) -> Node | None:
    """Returns the node whose own Patroni reports that it is the primary."""
    return next((node for node in nodes if _answers(node, "primary")), None)


def is_healthy(nodes: Sequence[Node]) -> bool:
    """Tells if there is a primary with two standbys, one of them synchronous."""
    roles = sorted(each["role"] for each in members(nodes) if each["state"] in RUNNING)
    if roles != sorted(["leader", "replica", "sync_standby"]):
        return False
    # The other nodes report a lost one as running for a while, so each is asked itself.
    return all(_answers(node, "health") for node in nodes) and primary(nodes) is not None


def _answers(node: Node, path: str) -> bool:
    """Tells if the node's own Patroni answers 200 on this path."""
    try:
        with OPEN(f"{node.api}/{path}", timeout=ANSWER_MAX_S):
            return True
    except (OSError, HTTPException):
        return False


def ask(node: Node, sql: str, database: str = "postgres") -> str:
    """Runs a statement with psql over the socket in the node's folder; returns its output."""
    where = ("-h", node.folder, "-p", str(node.port), "-U", SUPERUSER, "-d", database)
    # By stdin: every user can read the arguments of a process, and a statement may have a password.
    return postgres.run(("psql", "-XqAt", "-v", "ON_ERROR_STOP=1", *where), sql).strip()


def make_database(node: Node, password: str) -> None:
    """Makes the ledger's role and its database, unless they exist."""
    if ask(node, f"SELECT 1 FROM pg_roles WHERE rolname = '{ROLE}'") != "1":  # noqa: S608
        ask(node, f"CREATE ROLE {ROLE} LOGIN PASSWORD '{password}'")
    if ask(node, f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'") != "1":  # noqa: S608
        ask(node, f"CREATE DATABASE {DATABASE} OWNER {ROLE}")
