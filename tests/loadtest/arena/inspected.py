"""Invented output of `docker inspect`, with the fields that the judge reads."""

from typing import Any

from loadtest.arena.container import Container, containers_of

PROJECT = "loadtest-arena-entry"


def inspected(
    service: str,
    status: str = "running",
    *,
    number: int = 1,
    code: int = 0,
    killed: bool = False,
    error: str = "",
    ended_at: str = "2026-11-30T02:00:00Z",
    restarts: int = 0,
    health: tuple[str, str] | None = None,
    memory_mb: int = 60,
    publishes: dict[int, int] | None = None,
    depends_on: str = "",
    network: str = "entry_default",
    address: str = "172.18.0.2",
    writes: tuple[str, ...] = (),
) -> dict[str, Any]:
    state: dict[str, Any] = {
        "Status": status,
        "Pid": 0,
        "ExitCode": code,
        "OOMKilled": killed,
        "Error": error,
        "FinishedAt": ended_at,
    }
    if health is not None:
        state["Health"] = {"Status": health[0], "Log": [{"ExitCode": 1, "Output": health[1]}]}
    labels = {
        "com.docker.compose.project": PROJECT,
        "com.docker.compose.service": service,
        "com.docker.compose.container-number": str(number),
        "com.docker.compose.depends_on": depends_on,
    }
    ports = {
        f"{inside}/tcp": [{"HostIp": "", "HostPort": str(outside)}]
        for outside, inside in (publishes or {}).items()
    }
    return {
        "Id": f"{service}{number}".encode().hex().ljust(64, "0"),
        "RestartCount": restarts,
        "State": state,
        "Config": {
            "Image": f"{service}:1",
            "Labels": labels,
            "Healthcheck": {"Test": ["CMD", "curl", "-f", "http://localhost"]},
        },
        "HostConfig": {
            "NanoCpus": 500_000_000,
            "Memory": memory_mb << 20,
            "NetworkMode": network,
            "PortBindings": ports,
        },
        "NetworkSettings": {"Networks": {network: {"IPAddress": address}}},
        "Mounts": [{"Type": "bind", "Source": path, "RW": True} for path in writes],
    }


def containers(*listed: dict[str, Any]) -> list[Container]:
    return containers_of(listed)
