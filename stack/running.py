"""The stack of plain processes that runs: its parts, its address and its answers."""

import contextlib
import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from rinha.settings import Settings, value_of
from stack import ports, shared_ports
from stack.machines import INSTANCES_ON, NODES_ON, our_machines
from stack.nginx.conf import EVERY_ADDRESS
from stack.part import HERE, Part, request, wait_until
from stack.parts import ASKED_AT, Layout, parts_of
from stack.paths import HOME, VAR
from stack.run.runit import Runit

# A cold start on a busy machine takes 2 s.
UP_MAX_S = 20.0
# An instance stops within 2 s; the rest is a margin.
STOP_MAX_S = 4
# A part that has ended by itself so often does not come up. Its supervisor starts it once a second.
STARTS_MAX = 5
# Ending of the lock that every version of this program has beside its ledger: see
# rinha/sqlite/users.py.
USERS = ".users"
RUNIT = Runit(VAR, STOP_MAX_S)


def layout(settings: Settings) -> Layout:
    """Returns the layout; the instances are on the machines of a cluster, or all here.

    Another server than the cluster's cannot be reached from those.
    """
    machines, hosts = [HERE], re.findall("[0-9.]+", str(settings.ledger))
    is_on_nodes = any(node.address in hosts for node in our_machines().some(NODES_ON))
    if settings.engine != "sqlite" and is_on_nodes and our_machines().are_there():
        machines = our_machines().some(INSTANCES_ON)
    return Layout(settings, HOME, VAR, machines)


def parts(settings: Settings) -> list[Part]:
    return parts_of(layout(settings))


def uses_another_ledger(settings: Settings) -> bool:
    """Tells if an instance has another file than the settings name: a symbolic link may lead
    elsewhere by now."""
    ledger = settings.ledger
    if not isinstance(ledger, Path):
        return False
    used = {file for service in RUNIT.services() for file in _ledgers_of(RUNIT.pid(service.name))}
    named = [path for path in (ledger, settings.ledger_link) if path]
    return bool(used) and used.isdisjoint(str(one.parent.resolve() / one.name) for one in named)


def _ledgers_of(pid: int | None) -> Iterator[str]:
    """Yields the ledgers of whose locks the process has one open."""
    with contextlib.suppress(OSError):
        for fd in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                path = str(fd.readlink())
                if path.endswith(USERS):
                    yield path.removesuffix(USERS)


def wait_until_ready(found: list[Part]) -> bool:
    """Waits until every part is ready; returns False on a timeout."""
    checks = [part.is_ready for part in found if part.is_ready]
    return wait_until(lambda: all(is_ready() for is_ready in checks), UP_MAX_S)


def problem_of_ports(settings: Settings) -> str | None:
    """Returns the message that names ports on which another stack listens too, or None."""
    fds = Path(f"/proc/{RUNIT.pid('nginx')}/fd")
    if fds.exists() and not os.access(fds, os.R_OK):
        # The kernel hides a program with capabilities, which nginx may have for a low port.
        return None
    shared = shared_ports.names(settings, HOME / VAR)
    ours = {settings.port, settings.ops_port or 0}
    return ports.problem(settings, shared, ours=ours) if shared else None


def replace(part: Part) -> bool:
    """Ends a part, which drains first, and waits for its successor; returns False if none comes."""
    old = RUNIT.pid(part.name)
    RUNIT.sv("term", RUNIT.folder.resolve() / part.name, stdout=subprocess.DEVNULL)
    return comes_up(part, old)


def comes_up(part: Part, old: int | None = None) -> bool:
    """Waits until a part is ready under another pid than the old one; returns False if it fails."""
    found: set[int | None] = set()

    def is_ready() -> bool:
        found.add(RUNIT.pid(part.name))
        is_new = RUNIT.pid(part.name) not in (None, old)
        return is_new and (part.is_ready is None or part.is_ready())

    wait_until(lambda: is_ready() or len(found - {None, old}) >= STARTS_MAX, UP_MAX_S)
    return is_ready()


def url(settings: Settings) -> str:
    bind, port = _address(settings)
    return f"http://{'localhost' if bind == EVERY_ADDRESS else bind}:{port}"


def _address(settings: Settings) -> tuple[str, int]:
    """Returns BIND and PORT of the stack that runs, or those of the settings."""
    runs = RUNIT.environ()
    if runs is None:
        return settings.bind, settings.port
    return value_of("BIND", runs), value_of("PORT", runs)


def ask(method: str, path: str, settings: Settings) -> tuple[int, str]:
    """Sends a request through nginx; returns the status and the text, or 0 without an answer.

    It uses a numeric address, because a bare system has no /etc/hosts.
    """
    bind, port = _address(settings)
    status, body = request(method, ASKED_AT.get(bind, bind).strip("[]"), port, path)
    try:
        return status, body.decode() if status == 200 else json.loads(body)["error"]
    except (ValueError, KeyError, TypeError):  # no answer, or that of another server
        return 0, "nothing"
