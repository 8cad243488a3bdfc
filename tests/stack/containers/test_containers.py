"""Guarantees of the containers: limits, hardening, and no loss by stop, kill or start."""

import json
import random
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.help.running import ROOT
from tests.help.transaction_load import TransactionLoad
from tests.stack.containers.conftest import Containers

SERVICES = ("api01", "api02", "nginx")
MEGABYTE = 1024 * 1024
RATE = 340


def limits(stack: Containers) -> dict[str, Any]:
    config = json.loads(stack.compose("config", "--format", "json"))
    return {
        name: service["deploy"]["resources"]["limits"]
        for name, service in config["services"].items()
    }


def assert_sound(stack: Containers, load: TransactionLoad) -> None:
    """Asserts that the ledger explains every answer and passes its audit."""
    load.assert_explains_every_balance()
    assert "every promise holds" in stack.make("check")


def test_the_limits_are_those_of_the_arena(stack: Containers) -> None:
    """Limits are declared for every service, in MB, and are at most 1.5 CPU and 550 MB together."""
    declared = limits(stack)
    assert set(declared) == set(SERVICES)
    assert sum(float(each["cpus"]) for each in declared.values()) <= 1.5
    assert sum(int(each["memory"]) for each in declared.values()) <= 550 * MEGABYTE
    text = (ROOT / "docker-compose.yml").read_text()
    assert text.count('MB"') == 2, "one for both instances, one for nginx"


@pytest.mark.parametrize("service", SERVICES)
def test_the_kernel_holds_the_limits(stack: Containers, service: str) -> None:
    """The control groups inside a container have the declared limits."""
    declared = limits(stack)[service]
    text = stack.shell(
        service,
        "cd /sys/fs/cgroup; cat memory.max memory/memory.limit_in_bytes 2>/dev/null;"
        "cat pids.max pids/pids.max 2>/dev/null;"
        "cat cpu.max 2>/dev/null || cat cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us",
    )
    memory, pids, quota, period = text.split()
    assert int(memory) == int(declared["memory"])
    assert int(pids) == declared["pids"]
    # The engine may cut a microsecond off the quota.
    assert int(quota) / int(period) == pytest.approx(float(declared["cpus"]), abs=2 / int(period))
    assert stack.shell(service, "ulimit -n").strip() == "20000"


@pytest.mark.parametrize("service", SERVICES)
def test_the_containers_are_closed(stack: Containers, service: str) -> None:
    """A container has no root user, no capability, filtered system calls and a read-only root."""
    status = dict(
        line.split(":\t", 1) for line in stack.shell(service, "cat /proc/1/status").splitlines()
    )
    assert status["Uid"].split("\t") == ["10001"] * 4
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"
    assert "Read-only" in stack.compose("exec", "-T", service, "touch", "/x", check=False)
    inspected = stack.inspect(service)
    assert inspected["HostConfig"]["Privileged"] is False
    assert inspected["HostConfig"]["LogConfig"]["Config"]["max-size"] == "10m"
    assert inspected["HostConfig"]["RestartPolicy"]["Name"] == "always"


def test_only_nginx_is_reachable(stack: Containers) -> None:
    """Instances have no network, and the operator's port is published on loopback only."""
    for service in ("api01", "api02"):
        assert stack.inspect(service)["HostConfig"]["NetworkMode"] == "none"
    published = stack.inspect("nginx")["HostConfig"]["PortBindings"]
    hosts = {port: bindings[0]["HostIp"] for port, bindings in published.items()}
    assert hosts == {"9999/tcp": "", "9990/tcp": "127.0.0.1"}


def test_the_image_is_small_and_holds_no_tools(stack: Containers) -> None:
    """The image has no compiler and no package cache, and adds under 25 MB to its base."""
    script = "command -v gcc cc pip3.13 /opt/rinha/bin/pip; ls /root/.cache /ledger/*.whl"
    assert "/opt" not in stack.compose("exec", "-T", "api01", "sh", "-c", script, check=False)
    text = (ROOT / "Dockerfile").read_text()
    base = next(line.split("=")[1] for line in text.splitlines() if line.startswith("ARG PYTHON"))
    sizes = [
        json.loads(stack.run("docker", "image", "inspect", name))[0]["Size"]
        for name in ("rinha", base)
    ]
    assert sizes[0] - sizes[1] < 25_000_000
    labels = json.loads(stack.run("docker", "image", "inspect", "rinha"))[0]["Config"]["Labels"]
    assert labels["org.opencontainers.image.licenses"] == "MIT"


def test_every_command_of_the_makefile_works(stack: Containers) -> None:
    """The commands status, check, sql, snapshot, stats and reset work in containers."""
    stack.reset()
    stack.client().transact(1, 7, "d")
    assert "already" in stack.make("up")
    assert "healthy" in stack.make("status")
    assert "1 transactions of 5 clients, every promise holds" in stack.make("check")
    assert stack.run("stack/containers.sh", "sql", "SELECT saldo FROM saldos").startswith("-7\n")
    copy = Path(ROOT / stack.make("snapshot").strip())
    assert copy.read_bytes().startswith(b"SQLite format 3")
    copy.unlink()
    assert stack.make("stats").count("throttled in") == 3
    assert stack.make("reset") == "the ledger is empty\n"
    assert stack.client().extrato(1)["saldo"]["total"] == 0


def test_a_file_of_clients_reaches_the_container(stack: Containers, tmp_path: Path) -> None:
    """A file that only its owner may read is added, an error names it, and no copy is left."""
    file = tmp_path / "my clients.csv"
    file.write_text("cliente,limite\n6,100\n7,x\n")
    file.chmod(0o600)

    def add(check: bool = True) -> str:
        words = ("cliente", "add", "--csv", str(file))
        return stack.run("stack/containers.sh", *words, check=check)

    assert "my clients.csv: line 3: the limit must be" in add(check=False)
    file.write_text("cliente,limite\n6,100\n7,100\n")
    assert add() == "2 clients are added\n"
    assert stack.client().transact(7, 100, "d").json["saldo"] == -100
    assert "incoming" not in stack.shell("api01", "ls /ledger")
    file.unlink()
    assert "my clients.csv: no such file" in add(check=False)
    stack.reset()


def test_stop_and_start_keep_the_balances(stack: Containers) -> None:
    """Down takes under 5 s and keeps the volume; up takes under 10 s; the balances stay."""
    stack.reset()
    stack.client().transact(2, 77, "d")
    started = time.monotonic()
    stack.make("down")
    assert time.monotonic() - started < 5
    started = time.monotonic()
    stack.make("up")
    assert time.monotonic() - started < 10
    assert stack.client().extrato(2)["saldo"]["total"] == -77


def test_settings_reach_the_containers(stack: Containers) -> None:
    """Each setting of .env.example reaches the containers, except the path of the ledger."""
    names = re.findall(r"^(?:# )?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert "RINHA_SYNCHRONOUS" in names
    files = ("docker-compose.yml", "stack/compose/metrics.yml", "stack/containers.sh")
    text = "".join((ROOT / file).read_text() for file in files)
    reaching = [name for name in names if name != "RINHA_LEDGER"]
    assert len(reaching) >= 6
    assert all(re.search(rf"\${{?{name}\b", text) for name in reaching)
    stack.make("down")
    stack.make("up", RINHA_RESET="off", RINHA_SYNCHRONOUS="NORMAL")
    assert stack.client()("POST", "/reset").status == 403
    assert '"synchronous":"NORMAL"' in stack.compose("logs", "api01")
    stack.make("down")
    stack.make("up")


def test_another_number_of_instances_shares_out_the_limits(stack: Containers) -> None:
    """Three instances answer within the limits of two; `down` removes their files."""
    stack.make("down")
    assert "nginx, 3 instances" in stack.make("up", INSTANCES="3")
    limits_of = [stack.inspect(name)["HostConfig"] for name in ("api01", "api02", "api03")]
    assert sum(one["NanoCpus"] for one in limits_of) <= 0.98e9
    assert sum(one["Memory"] for one in limits_of) <= 240 * MEGABYTE
    assert stack.client()("GET", "/health").status == 200
    assert "INSTANCES" in stack.make("up", check=False, INSTANCES="4")
    stack.make("down")
    assert "nginx, 2 instances" in stack.make("up")


def test_a_restart_under_load_loses_no_request(stack: Containers) -> None:
    """While instances restart, every request is answered, and the ledger explains each answer."""
    stack.reset()
    with TransactionLoad(stack.port, RATE, seed=3) as load:
        time.sleep(1)
        for service in ("api01", "api02"):
            stack.compose("restart", service)
            time.sleep(1)
    assert load.failed == []
    assert_sound(stack, load)


def test_make_restart_replaces_the_instances_and_loses_no_request(stack: Containers) -> None:
    """`restart` makes a new container of each instance, and nginx stays; no request fails."""
    stack.reset()
    before = [stack.inspect(name)["Id"] for name in ("api01", "api02", "nginx")]
    assert "(RINHA_LOG_LEVEL)" in stack.make("restart", check=False, RINHA_LOG_LEVEL="debug")
    with TransactionLoad(stack.port, RATE, seed=5) as load:
        assert "instances replaced: 2" in stack.make("restart")
    assert load.failed == []
    assert_sound(stack, load)
    after = [stack.inspect(name)["Id"] for name in ("api01", "api02", "nginx")]
    assert [old == new for old, new in zip(before, after, strict=True)] == [False, False, True]


def kill(*services: str) -> Callable[[Containers], None]:
    """Returns a function that kills services and starts them again.

    The engine restarts no container after `docker kill`: it counts as a wish to stop.
    """

    def kill_and_start(stack: Containers) -> None:
        names = [stack.container(service) for service in services]
        stack.run("docker", "kill", "--signal", "KILL", *names)
        stack.run("docker", "start", *names)

    return kill_and_start


def crash(service: str) -> Callable[[Containers], None]:
    """Returns a function that kills the process from outside; the engine restarts it."""

    def kill_from_outside(stack: Containers) -> None:
        pid = stack.inspect(service)["State"]["Pid"]
        subprocess.run(["kill", "-9", str(pid)], check=True)

    return kill_from_outside


@pytest.mark.parametrize(
    "harm",
    [kill("api01"), kill("api01", "api02"), kill("nginx"), kill(*SERVICES), crash("api02")],
    ids=["an instance", "both instances", "nginx", "everything", "a crash"],
)
def test_a_kill_under_load_loses_nothing_acknowledged(
    stack: Containers, harm: Callable[[Containers], None]
) -> None:
    """After any kill the stack answers within 3 s, and the ledger explains every answer."""
    stack.reset()
    with TransactionLoad(stack.port, RATE, seed=4) as load:
        time.sleep(1)
        harm(stack)
        assert stack.seconds_until_it_answers() < 3
        time.sleep(1)
    assert len(load.outcomes) > RATE
    assert_sound(stack, load)


def test_random_kills_leave_a_sound_ledger(stack: Containers) -> None:
    """Three random kills of any service, at random times, leave a sound ledger."""
    rng = random.Random(5)
    print("seed 5")
    stack.reset()
    with TransactionLoad(stack.port, RATE, seed=5) as load:
        for _ in range(3):
            time.sleep(rng.uniform(0.3, 1))
            kill(rng.choice(SERVICES))(stack)
            assert stack.seconds_until_it_answers() < 3
    assert_sound(stack, load)


def test_instances_race_on_an_empty_volume() -> None:
    """Ten starts of both instances at once on an empty volume each make one sound ledger."""
    race = Containers("rinha-test-race")
    for _ in range(10):
        race.compose("down", "--volumes")
        race.compose("up", "--detach", "--no-build", "api01", "api02")
        for service in ("api01", "api02"):
            ask = "until python /opt/rinha/ask.py GET /health; do sleep 0.1; done"
            assert "healthy" in race.shell(service, f"timeout 20 sh -c '{ask}'")
            assert race.inspect(service)["RestartCount"] == 0
        assert "0 transactions of 5 clients, every promise holds" in race.make("check")
    race.compose("down", "--volumes")


def test_a_volume_of_other_peoples_files_is_left_alone() -> None:
    """A volume with foreign files gives a clear line and no start; the files stay unchanged."""
    other = Containers("rinha-test-other")
    other.compose("down", "--volumes")
    volume = [*("docker", "run", "--rm", "--user", "0", "--volume"), "rinha-test-other_ledger:/l"]
    other.compose("create", "--no-build", "api01")
    other.run(*volume, "rinha", "sh", "-c", "echo 'my notes' > /l/rinha.db; echo more > /l/more")
    text = other.make("up", check=False)
    assert "not a database" in text
    assert "Traceback" not in text
    kept = other.run(*volume, "rinha", "sh", "-c", "cat /l/rinha.db /l/more")
    assert kept == "my notes\nmore\n"
    other.compose("down", "--volumes")


def test_the_units_pass_inside_the_image() -> None:
    """The unit tests pass with the image's own interpreter and libraries."""
    inside = Containers("rinha-test-inside")
    inside.run("docker", "compose", "--profile", "tests", "build", "tests")
    assert " passed" in inside.compose("run", "--rm", "tests")
