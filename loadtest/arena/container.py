"""A container of the entry, as `docker inspect` describes it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
NUMBER = "com.docker.compose.container-number"
DEPENDS_ON = "com.docker.compose.depends_on"


@dataclass(frozen=True, slots=True)
class Container:
    """State, limits, ports and mounts; `name` is the service's, numbered if there are several."""

    name: str
    id: str
    image: str
    status: str
    pid: int
    exit_code: int
    memory_killed: bool
    error: str
    ended_at: str
    restarts: int
    health: str
    health_test: str
    health_output: str
    cpus: float | None
    memory_bytes: int | None
    network: str
    addresses: frozenset[str]
    # Ports of this machine, and the container's ports behind them.
    published: Mapping[int, int]
    # Services that it waits for, and the condition of each.
    waits_for: Mapping[str, str]
    # Folders of this machine that it may write.
    writes: tuple[str, ...]

    @property
    def is_running(self) -> bool:
        return self.status in {"running", "paused"}

    @property
    def is_coming(self) -> bool:
        """Returns whether it runs or may still run."""
        return self.is_running or self.status in {"created", "restarting"}


def containers_of(inspected: Iterable[Mapping[str, Any]]) -> list[Container]:
    """Returns the containers by name; the numbers of single ones are left out."""
    listed = list(inspected)
    services = [_labels(one).get(SERVICE, "") for one in listed]
    found = []
    for one, service in zip(listed, services, strict=True):
        number = _labels(one).get(NUMBER, "1")
        name = service if services.count(service) == 1 else f"{service}-{number}"
        found.append(_container(name, one))
    return sorted(found, key=lambda container: container.name)


def _labels(inspected: Mapping[str, Any]) -> Mapping[str, str]:
    return inspected.get("Config", {}).get("Labels") or {}


def _container(name: str, inspected: Mapping[str, Any]) -> Container:
    state, host = inspected.get("State", {}), inspected.get("HostConfig", {})
    config, health = inspected.get("Config", {}), state.get("Health") or {}
    networks = inspected.get("NetworkSettings", {}).get("Networks") or {}
    outputs = [str(one.get("Output", "")) for one in health.get("Log") or []]
    test = (config.get("Healthcheck") or {}).get("Test") or []
    return Container(
        name=name,
        id=str(inspected.get("Id", "")),
        image=str(config.get("Image", "")),
        status=str(state.get("Status", "")),
        pid=int(state.get("Pid") or 0),
        exit_code=int(state.get("ExitCode") or 0),
        memory_killed=bool(state.get("OOMKilled")),
        error=str(state.get("Error") or ""),
        ended_at=str(state.get("FinishedAt") or ""),
        restarts=int(inspected.get("RestartCount") or 0),
        health=str(health.get("Status", "")),
        health_test=" ".join(map(str, test[1:])),
        health_output=outputs[-1].strip() if outputs else "",
        cpus=_cpus(host),
        memory_bytes=int(host.get("Memory") or 0) or None,
        network=str(host.get("NetworkMode", "")),
        addresses=frozenset(
            str(network.get("IPAddress")) for network in networks.values() if network
        ),
        published=_published(host.get("PortBindings") or {}),
        waits_for=_waits_for(_labels(inspected).get(DEPENDS_ON, "")),
        writes=tuple(
            str(mount.get("Source"))
            for mount in inspected.get("Mounts") or []
            if mount.get("Type") == "bind" and mount.get("RW")
        ),
    )


def _cpus(host: Mapping[str, Any]) -> float | None:
    if host.get("NanoCpus"):
        return float(host["NanoCpus"] / 1e9)
    if host.get("CpuQuota", 0) > 0:
        return float(host["CpuQuota"] / (host.get("CpuPeriod") or 100_000))
    return None


def _published(bindings: Mapping[str, Any]) -> dict[int, int]:
    found = {}
    for inside, outside in bindings.items():
        port, _, protocol = inside.partition("/")
        for binding in outside or []:
            if protocol in {"", "tcp"} and str(binding.get("HostPort", "")).isdigit():
                found[int(binding["HostPort"])] = int(port)
    return found


def _waits_for(label: str) -> dict[str, str]:
    """Parses `db:service_healthy:false,cache:service_started:true`."""
    found = {}
    for one in filter(None, label.split(",")):
        service, _, rest = one.partition(":")
        found[service] = rest.partition(":")[0] or "service_started"
    return found
