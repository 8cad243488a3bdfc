"""Containers of a target: their processes and their names.

A proxy process outside every container holds a published port, so its parents and children do not
help. Containers are found by control groups and, if readable, by the engine's own files.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

PROC = Path("/proc")
NOTES = Path("/var/lib/docker/containers")
PROXY = "docker-proxy"
PROJECT_LABEL = "com.docker.compose.project"

_CONTAINER_ID = re.compile(r"[0-9a-f]{64}")


def container_of(pid: int, proc: Path = PROC) -> str | None:
    """Returns the container id from a process's control groups."""
    with suppress(OSError):
        found = _CONTAINER_ID.search((proc / str(pid) / "cgroup").read_text(errors="replace"))
        return found[0] if found else None
    return None


def container_name(container: str, notes: Path = NOTES) -> str:
    name = str(_note(container, notes).get("Name", "")).removeprefix("/")
    return name or container[:12]


def container_siblings(
    listeners: Iterable[int], proc: Path = PROC, notes: Path = NOTES
) -> list[int]:
    """Returns every process of the listeners' containers and of their compose project."""
    by_container: dict[str, list[int]] = defaultdict(list)
    for entry in proc.iterdir():
        container = container_of(int(entry.name), proc) if entry.name.isdigit() else None
        if container is not None:
            by_container[container].append(int(entry.name))
    behind: set[str] = set()
    for listener in listeners:
        own = container_of(listener, proc)
        behind |= {own} if own else _behind_proxy(listener, by_container, proc, notes)
    projects = {_project(container, notes) for container in behind} - {None}
    chosen = behind | {one for one in by_container if _project(one, notes) in projects}
    return sorted(pid for container in chosen for pid in by_container[container])


def _behind_proxy(listener: int, containers: Iterable[str], proc: Path, notes: Path) -> set[str]:
    """Returns the container that docker-proxy forwards to; all of them if that is unreadable."""
    fields: list[str] = []
    with suppress(OSError):
        fields = (proc / str(listener) / "cmdline").read_text(errors="replace").split("\0")
    if not fields[0:1] or not fields[0].endswith(PROXY):
        return set()
    address = dict(pairwise(fields)).get("-container-ip")
    found = {one for one in containers if address and address in _addresses(one, notes)}
    return found or set(containers)


def _note(container: str, notes: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        note = json.loads((notes / container / "config.v2.json").read_text())
        return note if isinstance(note, dict) else {}
    return {}


def _project(container: str, notes: Path) -> str | None:
    labels = _note(container, notes).get("Config", {}).get("Labels") or {}
    project = labels.get(PROJECT_LABEL)
    return None if project is None else str(project)


def _addresses(container: str, notes: Path) -> set[str]:
    networks = _note(container, notes).get("NetworkSettings", {}).get("Networks") or {}
    return {str(network.get("IPAddress")) for network in networks.values()}
