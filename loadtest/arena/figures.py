"""CPU, throttling and memory of the entry's containers during the load, as the kernel counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from loadtest.arena.container import Container
from loadtest.measure.target.containers import container_of
from loadtest.measure.target.usage import fields_of, groups_of, number_of, read_groups
from loadtest.report.arena import Service


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of one control group since it was made; `pid` tells a restarted container."""

    pid: int
    cpu_s: float
    throttled_s: float
    periods: int
    throttled_periods: int
    memory_peak_bytes: int | None
    memory_kills: int


def figures_of(container: Container) -> Figures | None:
    """Returns a running container's figures; None if its processes are not visible here."""
    if not container.pid or container_of(container.pid) != container.id:
        return None
    return read_figures(groups_of(str(container.pid)), container.pid)


def read_figures(groups: dict[str, Path], pid: int) -> Figures | None:
    """Reads a process's control groups of either version; None if they have no figures."""
    reading = read_groups(groups, [pid])
    if reading is None:
        return None
    stat = fields_of(groups.get("cpu", groups.get("unified")), "cpu.stat")
    events = fields_of(groups.get("memory"), "memory.oom_control")
    events |= fields_of(groups.get("unified"), "memory.events")
    peak = number_of(groups, "memory", "memory.max_usage_in_bytes")
    return Figures(
        pid=pid,
        cpu_s=reading.cpu_s,
        throttled_s=reading.throttled_s,
        periods=stat.get("nr_periods", 0),
        throttled_periods=reading.throttled_periods,
        memory_peak_bytes=peak or number_of(groups, "unified", "memory.peak"),
        memory_kills=events.get("oom_kill", 0),
    )


def all_figures(containers: Sequence[Container]) -> dict[str, Figures]:
    found = {container.name: figures_of(container) for container in containers}
    return {name: figures for name, figures in found.items() if figures is not None}


def services(
    containers: Sequence[Container],
    before: Mapping[str, Figures],
    after: Mapping[str, Figures],
    load_s: float,
) -> list[Service]:
    """Returns the containers as parts of a report; without a load, `before` is empty."""
    return [_service(one, before.get(one.name), after.get(one.name), load_s) for one in containers]


def _service(
    one: Container, before: Figures | None, after: Figures | None, load_s: float
) -> Service:
    service = Service(
        name=one.name,
        image=one.image,
        state=_state(one),
        cpus=one.cpus,
        memory_bytes=one.memory_bytes,
        memory_kills=max(int(one.memory_killed), after.memory_kills if after else 0),
        restarts=one.restarts,
    )
    if after is None:
        return service
    service.memory_peak_bytes = after.memory_peak_bytes
    # The counts of a container that was restarted in between began at 0 again.
    if before is not None and before.pid == after.pid and load_s > 0:
        service.cpu = (after.cpu_s - before.cpu_s) / load_s
        service.throttled_s = after.throttled_s - before.throttled_s
        periods = after.periods - before.periods
        throttled = after.throttled_periods - before.throttled_periods
        service.throttled_share = throttled / periods if periods else 0.0
    return service


def _state(one: Container) -> str:
    if one.is_running:
        return f"{one.status}, {one.health}" if one.health else one.status
    return f"{one.status}, code {one.exit_code}" if one.status == "exited" else one.status
