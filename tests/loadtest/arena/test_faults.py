"""Why an entry is not ready: each fault is named by its cause, and the cause comes first."""

from pathlib import Path
from typing import Any

import pytest

from loadtest.arena.faults import Scene, lasting_faults, start_faults, unhealthy
from loadtest.arena.listeners import Listener, listeners
from loadtest.wire.outcome import Failure
from loadtest.wire.probe import Answer
from tests.loadtest.arena.inspected import containers, inspected

PATH = "/clientes/1/extrato"
EVERYWHERE = "0.0.0.0"  # noqa: S104 - nothing is bound to it


def faults(*listed: dict[str, Any], **scene: Any) -> list[str]:
    found = start_faults(Scene(9999, PATH, containers(*listed), **scene))
    return [fault.text for fault in found]


def answer(code: int, body: bytes = b"") -> Answer:
    return Answer(code, body, 0, 0)


BALANCER = inspected("nginx", publishes={9999: 9999}, address="172.18.0.9")

ALONE: dict[str, tuple[dict[str, Any], str]] = {
    "memory": (
        inspected("api", "exited", code=137, killed=True, restarts=3),
        "api was killed for memory (exit code 137; the limit is 60 MB), 3 restarts",
    ),
    "code": (inspected("api", "exited", code=3), "api exited with code 3"),
    "signal": (
        inspected("api", "exited", code=139),
        "api was ended by SIGSEGV (exit code 139)",
    ),
    "no such signal": (inspected("api", "exited", code=255), "api exited with code 255"),
    "loop": (
        inspected("api", "restarting", code=1, restarts=5),
        "api exited with code 1, 5 restarts",
    ),
    "restarted": (
        inspected("api", restarts=2),
        "api does not stay up, 2 restarts",
    ),
    "no program": (
        inspected("api", "created", code=127, error='exec: "./run": not found\n'),
        'api cannot be started: exec: "./run": not found',
    ),
    "unhealthy": (
        inspected("api", health=("unhealthy", "curl: \x1b[31mnot found\n")),
        "api is unhealthy by its check `curl -f http://localhost`, which says: "
        "curl: \\x1b[31mnot found",
    ),
    "child": (
        inspected("api", killed=True, memory_mb=0),
        "a process of api was killed for memory (no limit is declared: this machine had no more)",
    ),
}


@pytest.mark.parametrize("name", ALONE)
def test_each_end_of_a_container_is_named(name: str) -> None:
    """A dead, killed or restarted container is a fault, of a ready entry too; unhealthy is not."""
    one, text = ALONE[name]
    assert faults(one, BALANCER) == [text]
    scene = Scene(9999, PATH, containers(one, BALANCER))
    lasting = [fault.text for fault in lasting_faults(scene)]
    assert (lasting, unhealthy(scene)) == (([], [text]) if name == "unhealthy" else ([text], []))


def test_restarts_before_the_entry_was_ready_are_no_fault_of_it() -> None:
    """An instance that was restarted until its database was there is right; later, it is not."""
    waited = containers(inspected("api", restarts=3))
    assert lasting_faults(Scene(9999, PATH, waited, restarts_before={"api": 3})) == []
    (fault,) = lasting_faults(Scene(9999, PATH, waited, restarts_before={"api": 1}))
    assert fault.text == "api does not stay up, 2 restarts"


def test_the_cause_comes_before_what_it_causes() -> None:
    """The database died first; the instance, the balancer and the answer follow from that."""
    found = faults(
        inspected("nginx", "created", publishes={9999: 80}, depends_on="api:service_healthy:false"),
        inspected("api", "exited", code=1, ended_at="2", depends_on="db:service_started:false"),
        inspected("db", "exited", code=137, killed=True, ended_at="1"),
        answer=answer(Failure.REFUSED),
    )
    assert found == [
        "db was killed for memory (exit code 137; the limit is 60 MB)",
        "api exited with code 1",
        "nginx was never started: it waits for api (service_healthy; it is exited)",
        f"GET {PATH} on port 9999: connection refused: nothing listens",
    ]


def test_without_dependencies_the_first_death_comes_first() -> None:
    """The service that ended first is the cause among those that declare no dependencies."""
    found = faults(
        inspected("a", "exited", code=1, ended_at="2026-11-30T02:00:02Z"),
        inspected("b", "exited", code=2, ended_at="2026-11-30T02:00:01Z"),
    )
    assert found[:2] == ["b exited with code 2", "a exited with code 1"]


def test_a_job_that_ended_well_is_no_fault_of_a_ready_entry() -> None:
    """A migration that has ended with code 0 is named only where the entry is not ready."""
    job = inspected("migration", "exited")
    assert lasting_faults(Scene(9999, PATH, containers(job))) == []
    assert "migration has ended (exit code 0)" in faults(job, BALANCER)


def test_instances_of_one_service_are_told_apart() -> None:
    """Containers of a service with replicas are numbered."""
    pair = [inspected("api", number=1), inspected("api", "exited", number=2, code=1)]
    assert faults(*pair, BALANCER) == ["api-2 exited with code 1"]


PORTS = {
    "another port": ([Listener(EVERYWHERE, 8080)], "but listens on 8080"),
    "no port": ([], "but listens on no port"),
    "loopback": (
        [Listener("127.0.0.1", 9999)],
        "but does so on 127.0.0.1 only: nobody outside it can connect",
    ),
}


@pytest.mark.parametrize("name", PORTS)
def test_a_wrong_port_is_named_with_the_right_one(name: str) -> None:
    """The container behind the published port has to listen there, for others than itself."""
    there, text = PORTS[name]
    wanted = "nginx has to listen on 9999, which is published as 9999"
    assert faults(BALANCER, listeners={"nginx": there}) == [f"{wanted}, {text}"]
    assert faults(BALANCER, listeners={"nginx": [Listener(EVERYWHERE, 9999)]}) == []
    assert faults(BALANCER, listeners={"nginx": None}) == []


def test_a_port_that_nobody_publishes_is_named() -> None:
    """Without the arena's port, the published ports are named; a host network publishes all."""
    other = inspected("nginx", publishes={8080: 80})
    assert faults(other) == ["nothing is published on port 9999: nginx publishes 8080"]
    none = "nothing is published on port 9999: no service publishes any port"
    assert faults(inspected("nginx")) == [none]
    assert faults(inspected("nginx", network="host")) == []


def test_a_bad_gateway_leads_to_the_instance() -> None:
    """A balancer that answers 502 names, in its log, the instance that does not listen."""
    log = (
        "connect() failed (111: Connection refused) while connecting to upstream, request: "
        '"GET / HTTP/1.1", upstream: "http://172.18.0.3:8080/", host: "localhost"'
    )
    found = faults(
        BALANCER,
        inspected("api", address="172.18.0.3"),
        answer=answer(502, b"<html>\r\n<head>"),
        logs={"nginx": [log]},
        listeners={"api": [Listener(EVERYWHERE, 3000)]},
    )
    assert found == [
        "the balancer asks api on port 8080, but it listens on 3000",
        f"GET {PATH} on port 9999: 502 <html>",
    ]


def test_a_bad_gateway_leads_to_whoever_listens_nowhere() -> None:
    """A container that listens on no port is named if no log names an instance."""
    found = faults(
        BALANCER,
        inspected("api"),
        inspected("db"),
        answer=answer(503, b"no server is available\n"),
        listeners={"api": [], "db": [Listener(EVERYWHERE, 5432)], "nginx": [Listener("::", 9999)]},
    )
    assert found == [
        "api runs, but listens on no port",
        f"GET {PATH} on port 9999: 503 no server is available",
    ]


def test_an_error_of_compose_is_the_last_resort() -> None:
    """The error of `docker compose up` is shown where no container explains it."""
    text = "docker compose up: network rinha was found but has incorrect label"
    assert faults(BALANCER, start_error=text.removeprefix("docker compose up: "))[0] == text
    dead = inspected("api", "exited", code=1)
    assert faults(dead, BALANCER, start_error="dependency failed") == ["api exited with code 1"]
    sick = inspected("api", health=("unhealthy", ""))
    assert "unhealthy" in faults(sick, BALANCER, start_error="dependency failed")[0]


def test_listeners_are_read_from_the_kernels_tables(tmp_path: Path) -> None:
    """Ports are read without any program in the image; the engine's name server is left out."""
    container, head = "a" * 64, "  sl  local_address rem_address   st\n"
    net = tmp_path / "7" / "net"
    net.mkdir(parents=True)
    (tmp_path / "7" / "cgroup").write_text(f"0::/docker/{container}\n")
    rows = ["00000000:1F90 00000000:0000 0A", "0B00007F:9C41 00000000:0000 0A"]
    rows += ["0100007F:0050 00000000:0000 0A", "00000000:0051 00000000:0000 01"]
    (net / "tcp").write_text(head + "".join(f"   {n}: {row} 0\n" for n, row in enumerate(rows)))
    (net / "tcp6").write_text(f"{head}   0: {'0' * 32}:270F {'0' * 32}:0000 0A 0\n")
    assert listeners(7, container, tmp_path) == [
        Listener(EVERYWHERE, 8080),
        Listener("127.0.0.1", 80),
        Listener("::", 9999),
    ]
    assert listeners(7, "b" * 64, tmp_path) is None
    assert listeners(0, container, tmp_path) is None
