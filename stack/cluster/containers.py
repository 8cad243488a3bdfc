"""The cluster in Docker containers, one for each node."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from zlib import crc32

from stack.cluster.certificates import Authority
from stack.cluster.container import NETWORK, nodes_on
from stack.cluster.limits import BUILD_MAX_S
from stack.cluster.nodes import Node
from stack.paths import ROOT

# Compose reads no .env: it has no setting of the cluster.
COMPOSE = (
    *("docker", "compose", "--env-file", "/dev/null"),
    *("--file", str(Path(__file__).with_name("docker-compose.yml"))),
)
PROJECT = "rinha-cluster"
INSIDE = ("/usr/bin/python3", "-m", "stack.cluster.container")


def network() -> str:
    """Returns the address prefix of this Compose project, in the reserved 198.18.0.0/15."""
    return f"198.19.{crc32(os.environ.get('COMPOSE_PROJECT_NAME', PROJECT).encode()) % 256}"


def nodes() -> list[Node]:
    return nodes_on(network())


def are_up() -> bool:
    """Tells if at least one container runs."""
    try:
        return bool(_compose("ps", "--quiet").strip())
    except OSError:
        return False


def volumes() -> str:
    """Returns the names of the volumes, which outlive the containers; none without an engine."""
    project = os.environ.get("COMPOSE_PROJECT_NAME", PROJECT)
    label = f"label=com.docker.compose.project={project}"
    command = ["docker", "volume", "ls", "--quiet", "--filter", label]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return " ".join(done.stdout.split())


def up(passwords: Mapping[str, str], authority: Authority) -> None:
    print("building the image of a node")
    _compose("build", "--quiet", "node1")
    _compose("up", "--detach", "--no-build")
    for node in nodes():
        certificates = authority.issue(node.name, node.machine.address)
        secrets = json.dumps({"passwords": passwords, "certificates": certificates})
        _compose("exec", "-T", node.name, *INSIDE, "take", text=secrets)


def make_database() -> None:
    """Makes the ledger's database: asks each node, and the primary does it."""
    for node in nodes():
        _compose("exec", "-T", node.name, *INSIDE, "database")


def log_ends() -> str:
    """Returns the last log lines of each node; those of its container if that does not run."""
    tail = ("sh", "-c", "tail -n 20 /cluster/log/*/current")
    found = []
    for node in nodes():
        try:
            found.append(_compose("exec", "-T", node.name, *tail))
        except OSError:
            found.append(_compose("logs", "--no-color", "--tail", "20", node.name))
    return "\n".join(found)


def down() -> None:
    _compose("down")


def _compose(*args: str, text: str = "") -> str:
    try:
        done = subprocess.run(
            [*COMPOSE, *args],
            cwd=ROOT,
            env={**os.environ, NETWORK: network()},
            input=text,
            capture_output=True,
            text=True,
            timeout=BUILD_MAX_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise OSError(f"docker compose {args[0]}: no end within {BUILD_MAX_S:g} s") from None
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no message from the engine"]
        raise OSError(f"docker compose {args[0]}: {lines[-1]}")
    return done.stdout
