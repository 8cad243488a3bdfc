"""The parts of a stack, made from its settings: the one description that every runner starts."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from signal import SIGQUIT
from typing import NamedTuple

from rinha.settings import Settings
from stack.machines import Machine
from stack.nginx import conf
from stack.part import HERE, Part, answers, listens
from stack.paths import RINHA

INSTANCE = (*RINHA, "serve")
# The port of the first instance, when instances listen on other machines than this one.
FIRST_PORT = 8001
# A replica in a folder has a place that begins with it.
FOLDER_SCHEME = "file://"
# The loopback address to ask when nginx listens on every address.
ASKED_AT = {conf.EVERY_ADDRESS: "127.0.0.1", "[::]": "::1"}


class Layout(NamedTuple):
    """Input of the description."""

    settings: Settings
    # The folder of the stack, where the instances start.
    top: Path
    # The folder of the sockets and of nginx's files, relative to the stack's.
    files: Path = Path()
    # The instances are spread evenly over these.
    machines: Sequence[Machine] = (HERE,)
    # Account that runs the parts, if it is not the caller's.
    user: str | None = None


def replica(at: Layout) -> list[Part]:
    place = at.settings.replica
    if not place:
        return []
    is_folder = place.startswith(FOLDER_SCHEME)
    folders = [Path(place.removeprefix(FOLDER_SCHEME))] if is_folder else []
    return [
        Part(
            "replica",
            (*RINHA, "replicate"),
            user=at.user,
            uses_network=not is_folder,
            writes=[*_ledger_folder(at), *folders],
        )
    ]


def _ledger_folder(at: Layout) -> list[Path]:
    ledger = at.settings.ledger
    return [ledger.parent] if isinstance(ledger, Path) else []


def instances(at: Layout) -> list[Part]:
    metrics = "on" if at.settings.ops_port else "off"
    found = []
    for number in range(at.settings.instances):
        name = f"api{number + 1:02d}"
        machine = at.machines[number % len(at.machines)]
        if machine.enter:
            host, port = machine.address, FIRST_PORT + number
            listen, is_ready = f"{host}:{port}", partial(listens, (host, port))
        else:
            socket = at.files / f"{name}.sock"
            listen, is_ready = f"unix:{socket}", partial(listens, at.top / socket)
        environment = {
            "RINHA_LISTEN": listen,
            "RINHA_METRICS": metrics,
            # For the metrics. `auto` would be resolved again, by the instance's own limits.
            "INSTANCES": str(at.settings.instances),
        }
        found.append(
            Part(
                name,
                INSTANCE,
                environment=environment,
                is_ready=is_ready,
                user=at.user,
                machine=machine,
                kind="instance",
                reports=True,
                uses_network=at.settings.engine != "sqlite",
                writes=_ledger_folder(at),
            )
        )
    return found


def nginx(at: Layout) -> list[Part]:
    host = ASKED_AT.get(at.settings.bind, at.settings.bind).strip("[]")
    return [
        Part(
            "nginx",
            conf.COMMAND,
            is_ready=partial(answers, host, at.settings.port, "/health"),
            user=at.user,
            folder=at.files,
            prepare=partial(write_nginx_conf, at, at.top / at.files),
            # Lets nginx answer the requests that it has; TERM would cut them off.
            stop_signal=SIGQUIT,
            takes_over=True,
            uses_network=True,
            ports=[at.settings.port, *([at.settings.ops_port] if at.settings.ops_port else [])],
        )
    ]


def write_nginx_conf(at: Layout, folder: Path) -> None:
    """Writes the configuration, and raises ConfError if nginx does not take it."""
    conf.write(folder, at.settings, servers(at), user=conf.own_user())
    conf.assert_nginx_starts(folder, at.settings.edition)


def servers(at: Layout) -> dict[str, str]:
    """Returns the addresses of the instances, by name, as nginx reaches them from its folder."""
    return {
        part.name: part.environment["RINHA_LISTEN"]
        if part.machine.enter
        else f"unix:{part.name}.sock"
        for part in instances(at)
    }


def servers_of(settings: Settings) -> dict[str, str]:
    """Returns the addresses of the instances on this machine, by name."""
    return servers(Layout(settings, Path()))


# In the order of their start; they stop in the reverse order. So no request reaches a half-stopped
# stack, and Litestream misses no commit.
PARTS: Sequence[Callable[[Layout], list[Part]]] = (replica, instances, nginx)


def parts_of(layout: Layout) -> list[Part]:
    return [part for describe in PARTS for part in describe(layout)]
