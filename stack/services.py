"""The stack's parts for runit: nginx and the instances, and on which machine each of them is."""

from pathlib import Path
from typing import NamedTuple

from rinha import settings
from stack import launch
from stack.machines import INSTANCES_ON, Machine, our_machines
from stack.runit import Services

VAR = Path("var")
SERVICES = Services(VAR, "up")
# At most what an instance may take, and a little.
DOWN_MAX_S = 4
# Of the first instance, where they listen on machines of their own.
FIRST_PORT = 8001


class Place(NamedTuple):
    """Of an instance: its name, and on which machine it listens; on this one on a socket."""

    name: str
    port: int
    machine: Machine

    @property
    def address(self) -> str | tuple[str, int]:
        """As a socket takes it."""
        return (
            (self.machine.address, self.port) if self.machine.enter else f"{VAR}/{self.name}.sock"
        )

    @property
    def listen(self) -> str:
        """As RINHA_LISTEN says it."""
        where = self.address
        return f"unix:{where}" if isinstance(where, str) else f"{where[0]}:{where[1]}"


def places(knobs: settings.Settings) -> list[Place]:
    """In turn on the machines that a cluster has for them, or all here."""
    machines = [Machine()]
    if knobs.engine != "sqlite" and our_machines().are_there():
        machines = our_machines().some(INSTANCES_ON)
    return [
        Place(name, FIRST_PORT + number, machines[number % len(machines)])
        for number, name in enumerate(launch.instance_names(knobs.instances))
    ]


def write_services(knobs: settings.Settings) -> None:
    stop_services()
    metrics = f"RINHA_METRICS={'on' if knobs.ops_port else 'off'}"
    # A new start counts anew; an instance that is restarted goes on.
    for counts in VAR.glob("*.counts"):
        counts.unlink()
    found = places(knobs)
    for place in found:
        settings_of_it = (f"RINHA_LISTEN={place.listen}", metrics)
        words = [*place.machine.enter, "env", *settings_of_it, *launch.INSTANCE]
        SERVICES.write(place.name, words)
    start = launch.nginx(
        VAR,
        port=knobs.port,
        instances=knobs.instances,
        ops_port=knobs.ops_port,
        places=[place.listen for place in found if place.machine.enter],
    )
    SERVICES.write("nginx", start, "../..", gently=True)


def stop_services() -> None:
    """The entrance first, so that no request meets a stack half gone."""
    SERVICES.end(DOWN_MAX_S, "nginx", "api*")
