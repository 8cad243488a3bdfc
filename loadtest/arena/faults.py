"""Faults of an entry's containers in words, the cause of the others first."""

import re
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from http import HTTPStatus
from typing import NamedTuple

from loadtest.arena.container import Container
from loadtest.arena.listeners import Listener
from loadtest.limits import ENGINE_TEXT_MAX
from loadtest.report.arena import MEGABYTE
from loadtest.wire.outcome import Failure, printable
from loadtest.wire.probe import Answer

# Exit codes above this one are signals.
SIGNALED = 128
HOST = "host"
# nginx names in its log the instance that it could not reach.
NGINX_UPSTREAM = re.compile(r'upstream: "\w+://(?P<host>[0-9.]+):(?P<port>\d+)')


class Tier(IntEnum):
    """The order of faults: earlier ones explain later ones."""

    DEAD = 0
    UNHEALTHY = 1
    PORT = 2
    WAITS = 3
    ANSWER = 4


class Fault(NamedTuple):
    """One fault of one container, and the text about it."""

    tier: Tier
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Scene:
    """Containers, what listens in each, their logs, and the last answer, at one moment."""

    port: int
    path: str
    containers: Sequence[Container]
    listeners: Mapping[str, Sequence[Listener] | None] = field(default_factory=dict)
    logs: Mapping[str, Sequence[str]] = field(default_factory=dict)
    answer: Answer | None = None
    start_error: str = ""
    # Processes killed for memory that are not a container's first one.
    memory_kills: Mapping[str, int] = field(default_factory=dict)
    # Restarts before the entry was ready: many wait for their database in this way.
    restarts_before: Mapping[str, int] = field(default_factory=dict)

    def restarts(self, one: Container) -> int:
        return one.restarts - self.restarts_before.get(one.name, 0)


def lasting_faults(scene: Scene) -> list[Fault]:
    """Returns faults that count for a ready entry too: containers that died or were killed."""
    return [fault for fault in _state_faults(scene) if fault.tier is Tier.DEAD]


def unhealthy(scene: Scene) -> list[str]:
    """Returns remarks on containers whose check fails, which a ready entry may have."""
    return [fault.text for fault in _state_faults(scene) if fault.tier is Tier.UNHEALTHY]


def _state_faults(scene: Scene) -> list[Fault]:
    found = [_state_fault(scene, one) for one in scene.containers]
    return _in_order(scene, [fault for fault in found if fault is not None])


def start_faults(scene: Scene) -> list[Fault]:
    """Returns why the entry is not ready."""
    found = _state_faults(scene)
    blamed = {fault.name for fault in found}
    for one in scene.containers:
        if one.name not in blamed:
            found += [*_ended(one), *_waits(scene, one)]
    found += _port_faults(scene) + _answer_faults(scene)
    if scene.start_error and not any(fault.tier <= Tier.UNHEALTHY for fault in found):
        found.insert(0, Fault(Tier.DEAD, "", f"docker compose up: {scene.start_error}"))
    return _in_order(scene, found)


def _in_order(scene: Scene, faults: Sequence[Fault]) -> list[Fault]:
    """Sorts by tier, then services that wait for fewer others, then those that died first."""
    containers = {one.name: one for one in scene.containers}

    def key(fault: Fault) -> tuple[Tier, int, bool, str]:
        one = containers.get(fault.name)
        if one is None:
            return fault.tier, 0, False, ""
        return fault.tier, _depth(one, scene.containers), not one.memory_killed, one.ended_at

    return sorted(faults, key=key)


def _depth(container: Container, containers: Sequence[Container]) -> int:
    """Returns the number of services that this one waits for, directly or through others."""
    left, seen = list(container.waits_for), set[str]()
    while left:
        service = left.pop()
        if service not in seen:
            seen.add(service)
            left += [name for one in containers if one.name == service for name in one.waits_for]
    return len(seen)


def _state_fault(scene: Scene, one: Container) -> Fault | None:
    text = _ended_text(one) or _shaken_text(scene, one)
    if text:
        again = f", {scene.restarts(one)} restarts" if scene.restarts(one) else ""
        return Fault(Tier.DEAD, one.name, f"{text}{again}")
    if one.health == "unhealthy":
        said = f", which says: {_short(one.health_output)}" if one.health_output else ""
        text = f"{one.name} is unhealthy by its check `{_short(one.health_test)}`{said}"
        return Fault(Tier.UNHEALTHY, one.name, text)
    return None


def _ended_text(one: Container) -> str:
    """Returns how a container that does not run has ended, unless it ended well."""
    if one.is_running:
        return ""
    if one.error:
        return f"{one.name} cannot be started: {_short(one.error)}"
    if one.memory_killed:
        return f"{one.name} was killed for memory (exit code {one.exit_code}; {_limit(one)})"
    if one.status in {"exited", "dead", "restarting"} and one.exit_code != 0:
        return f"{one.name} {_exit_text(one.exit_code)}"
    return ""


def _shaken_text(scene: Scene, one: Container) -> str:
    """Returns what happened to a container that runs again, or still."""
    if one.memory_killed or scene.memory_kills.get(one.name):
        return f"a process of {one.name} was killed for memory ({_limit(one)})"
    if scene.restarts(one) > 0 or one.status == "restarting":
        return f"{one.name} does not stay up"
    return ""


def _limit(one: Container) -> str:
    if one.memory_bytes is None:
        return "no limit is declared: this machine had no more"
    return f"the limit is {one.memory_bytes / MEGABYTE:.0f} MB"


def _exit_text(code: int) -> str:
    if code > SIGNALED:
        try:
            return f"was ended by {signal.Signals(code - SIGNALED).name} (exit code {code})"
        except ValueError:
            pass
    return f"exited with code {code}"


def _ended(one: Container) -> list[Fault]:
    if one.status != "exited":
        return []
    return [Fault(Tier.WAITS, one.name, f"{one.name} has ended (exit code 0)")]


def _waits(scene: Scene, one: Container) -> list[Fault]:
    if one.health == "starting":
        text = f"{one.name} is still starting: its check `{_short(one.health_test)}` has not passed"
        return [Fault(Tier.WAITS, one.name, text)]
    if one.status != "created":
        return []
    if not one.waits_for:
        return [Fault(Tier.WAITS, one.name, f"{one.name} was never started")]
    states = {other.name: other.health or other.status for other in scene.containers}
    awaited = ", ".join(
        f"{service} ({condition}; it is {states.get(service, 'not there')})"
        for service, condition in one.waits_for.items()
    )
    return [Fault(Tier.WAITS, one.name, f"{one.name} was never started: it waits for {awaited}")]


def _port_faults(scene: Scene) -> list[Fault]:
    """Returns faults between the arena's port and the container behind it."""
    port = scene.port
    behind = [one for one in scene.containers if port in one.published]
    if not behind and all(one.network != HOST for one in scene.containers):
        others = [
            f"{one.name} publishes {', '.join(map(str, sorted(one.published)))}"
            for one in scene.containers
            if one.published
        ]
        said = "; ".join(others) or "no service publishes any port"
        return [Fault(Tier.PORT, "", f"nothing is published on port {port}: {said}")]
    found = []
    for one in behind:
        inside, listeners = one.published[port], scene.listeners.get(one.name)
        if one.is_running and one.network != HOST and listeners is not None:
            found += _listening_fault(one, port, inside, listeners)
    return found


def _listening_fault(
    one: Container, port: int, inside: int, listeners: Sequence[Listener]
) -> list[Fault]:
    if _reachable(inside, listeners):
        return []
    wanted = f"{one.name} has to listen on {inside}, which is published as {port}"
    local = [listener for listener in listeners if listener.port == inside]
    if local:
        text = f"{wanted}, but does so on {local[0].host} only: nobody outside it can connect"
    else:
        text = f"{wanted}, but {ports_text(listeners)}"
    return [Fault(Tier.PORT, one.name, text)]


def ports_text(listeners: Sequence[Listener]) -> str:
    """Returns the ports on which something listens, in words."""
    if not listeners:
        return "listens on no port"
    local = " of its own loopback" if all(one.is_local for one in listeners) else ""
    ports = sorted({listener.port for listener in listeners})
    return f"listens on {', '.join(map(str, ports))}{local}"


def _answer_faults(scene: Scene) -> list[Fault]:
    answer = scene.answer
    if answer is None or answer.code == HTTPStatus.OK:
        return []
    said = Fault(Tier.ANSWER, "", f"GET {scene.path} on port {scene.port}: {_answer_text(answer)}")
    gateway = {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
    return [*(_instance_faults(scene) if answer.code in gateway else ()), said]


def _answer_text(answer: Answer) -> str:
    if answer.code in tuple(Failure):
        return str(answer)
    first = answer.body.decode(errors="backslashreplace").strip().partition("\n")[0]
    return f"{answer.code} {_short(first)}".rstrip()


def _instance_faults(scene: Scene) -> list[Fault]:
    """Returns instances that do not listen where the balancer asks them, or nowhere."""
    asked = {
        (found["host"], int(found["port"]))
        for lines in scene.logs.values()
        for line in lines
        if (found := NGINX_UPSTREAM.search(line))
    }
    faults = []
    for one in scene.containers:
        there = scene.listeners.get(one.name)
        if there is None or not one.is_running or scene.port in one.published:
            continue
        ports = sorted(port for host, port in asked if host in one.addresses)
        wrong = [port for port in ports if not _reachable(port, there)]
        if wrong:
            text = f"the balancer asks {one.name} on port {wrong[0]}, but it {ports_text(there)}"
            faults.append(Fault(Tier.PORT, one.name, text))
        elif not there:
            faults.append(Fault(Tier.PORT, one.name, f"{one.name} runs, but listens on no port"))
    return faults


def _reachable(port: int, listeners: Sequence[Listener]) -> bool:
    return any(one.port == port and not one.is_local for one in listeners)


def _short(text: str) -> str:
    return printable(" ".join(text.split()), ENGINE_TEXT_MAX)
