"""What a cluster says of itself."""

import json
import subprocess
from collections.abc import Sequence
from typing import Any
from urllib.request import ProxyHandler, build_opener

from stack import postgres
from stack.cluster.limits import ANSWER_MAX_S
from stack.cluster.nodes import DATABASE, ROLE, SUPERUSER, Node

# Whatever way to the outside the environment names, a node is no place outside.
OPEN = build_opener(ProxyHandler({})).open
# Newer ones say which kind of running it is.
RUNNING = ("running", "streaming")


def members(nodes: Sequence[Node]) -> list[dict[str, Any]]:
    """As the first node that answers sees them."""
    for node in nodes:
        try:
            with OPEN(f"{node.api}/cluster", timeout=ANSWER_MAX_S) as answer:
                found: list[dict[str, Any]] = json.load(answer)["members"]
                return found
        except (OSError, ValueError, KeyError):
            continue
    return []


def primary(nodes: Sequence[Node]) -> Node | None:
    """Who has the lock, and says so by itself."""
    return next((node for node in nodes if _says(node, "primary")), None)


def is_whole(nodes: Sequence[Node]) -> bool:
    """A primary, and every other node follows it, one of them synchronously."""
    roles = sorted(each["role"] for each in members(nodes) if each["state"] in RUNNING)
    if roles != sorted(["leader", "replica", "sync_standby"]):
        return False
    # For a while the others know a lost node as it was: each must say so by itself.
    return all(_says(node, "health") for node in nodes) and primary(nodes) is not None


def _says(node: Node, what: str) -> bool:
    """Whether it is that, by its own word."""
    try:
        with OPEN(f"{node.api}/{what}", timeout=ANSWER_MAX_S):
            return True
    except OSError:
        return False


def ask(node: Node, sql: str, database: str = "postgres") -> str:
    """Over the socket in its folder, as the user whom it trusts."""
    where = f"host={node.folder} port={node.port} user={SUPERUSER} dbname={database}"
    words = [*postgres.as_user(), "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", where, "-c", sql]
    done = subprocess.run(words, cwd="/", capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(done.stderr.strip())
    return done.stdout.strip()


def make_database(node: Node, password: str) -> None:
    """Once: the ledger's role and its database."""
    if ask(node, f"SELECT 1 FROM pg_roles WHERE rolname = '{ROLE}'") != "1":  # noqa: S608
        ask(node, f"CREATE ROLE {ROLE} LOGIN PASSWORD '{password}'")
    if ask(node, f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'") != "1":  # noqa: S608
        ask(node, f"CREATE DATABASE {DATABASE} OWNER {ROLE}")
