"""Waits for a started entry as the arena does, and looks at one that does not become ready."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic, sleep

from loadtest.arena.container import Container
from loadtest.arena.deployment import Deployment, Start
from loadtest.arena.faults import HOST, Scene
from loadtest.arena.figures import figures_of
from loadtest.arena.listeners import listeners
from loadtest.limits import READY_PAUSE_S
from loadtest.wire.probe import Answer, Probe
from loadtest.wire.request import Address, Request


@dataclass(frozen=True, slots=True)
class Waited:
    """The seconds until the entry was ready, None if it never was, and the last answer."""

    ready_s: float | None
    answer: Answer


def wait_ready(
    address: Address, hello: Request, wait_s: float, is_hopeless: Callable[[], bool]
) -> Waited:
    """Asks every 2 s, like the arena: ready is who answers twice in a row, on new connections."""
    began_s = monotonic()
    while True:
        answer = _ask(address, hello)
        if answer.code == HTTPStatus.OK:
            answer = _ask(address, hello)
        passed_s = monotonic() - began_s
        if answer.code == HTTPStatus.OK:
            return Waited(passed_s, answer)
        if passed_s >= wait_s or is_hopeless():
            return Waited(None, answer)
        sleep(READY_PAUSE_S)


def _ask(address: Address, hello: Request) -> Answer:
    with closing(Probe(address)) as probe:
        return probe.ask(hello)


def is_hopeless(deployment: Deployment, start: Start, port: int) -> bool:
    """Returns whether the start has ended, and no container that could serve the port runs."""
    if not start.has_ended:
        return False
    return not any(
        _may_serve(one, port) and (one.is_running or one.status == "restarting")
        for one in deployment.containers()
    )


def _may_serve(container: Container, port: int) -> bool:
    return port in container.published or container.network == HOST


def look(deployment: Deployment, port: int, hello: Request) -> Scene:
    """Returns the entry's containers as they are now, with their ports and logs."""
    containers = deployment.containers()
    kills = {one.name: figures_of(one) for one in containers}
    return Scene(
        port=port,
        path=hello.data.split(b" ", 2)[1].decode(),
        containers=containers,
        listeners={
            one.name: listeners(one.pid, one.id) for one in containers if one.network != HOST
        },
        logs={one.name: deployment.log(one) for one in containers},
        memory_kills={
            name: figures.memory_kills for name, figures in kills.items() if figures is not None
        },
    )
