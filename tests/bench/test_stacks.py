"""Each stack that is measured does the work that it is measured by."""

import importlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from bench.parts.behind_nginx import SHARES
from bench.parts.cgroups import ControlGroups
from bench.parts.stack import ROOT, Running, Stack
from bench.stacks.rinha_followed import SHARE as FOLLOWER_SHARE
from tests.help.ports import free_port
from tests.help.running import Client
from tests.loadtest.command import loadtest

NAMES = sorted(path.stem for path in (ROOT / "bench" / "stacks").glob("[!_]*.py"))
# Fill a disk before they start, to be then what rinha_normal is.
GROWN = ("rinha_10m", "rinha_1m_clients")
# Has to be built first, and is tried where that is tested.
BUILT = ("rinha_onefile",)
CPUS_MAX, MEMORY_MAX_MB = 1.5, 550


def stack_named(name: str) -> Stack:
    found: Stack = importlib.import_module(f"bench.stacks.{name}").STACK
    return found


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where PostgreSQL's own user gets too."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def running(name: str, folder: Path) -> Iterator[Running]:
    groups = ControlGroups()
    try:
        with Running(stack_named(name), folder, free_port(), groups) as started:
            yield started
    finally:
        groups.remove()


@pytest.mark.parametrize("name", sorted({*NAMES} - {*GROWN, *BUILT, "constant"}))
def test_a_stack_does_what_the_judge_wants(name: str, running: Running) -> None:
    """What is compared does the same job: every rule that the official judge asks holds."""
    checked = loadtest("check", "--no-strict", f"http://127.0.0.1:{running.port}")
    assert checked.code == 0, checked.out


@pytest.mark.parametrize("name", ["constant"])
def test_the_ceiling_answers_the_same_to_everything(name: str, running: Running) -> None:
    """It goes the whole way of a request and does nothing at its end."""
    client = Client(running.port)
    answers = [client.transact(1, 1, "c"), client("GET", "/clientes/1/extrato")]
    assert [(answer.status, answer.json["limite"]) for answer in answers] == [(200, 100000)] * 2


@pytest.mark.parametrize("name", sorted({*NAMES} - {*GROWN, *BUILT}))
def test_every_stack_has_the_same_sum_of_limits(name: str, running: Running) -> None:
    """1.5 CPU and 550 MB, as the contest gives; a copy that follows is beside that."""
    shares = [share for part, share in running.shares.items() if part != "replica"]
    assert sum(share.cpus for share in shares) == pytest.approx(CPUS_MAX)
    assert sum(share.memory_mb for share in shares) == MEMORY_MAX_MB


def test_ours_has_the_limits_that_it_is_shipped_with() -> None:
    """What is measured is what docker-compose.yml gives."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    limits = [services[name]["deploy"]["resources"]["limits"] for name in ("nginx", "api01")]
    beside = yaml.safe_load((ROOT / "docker-compose.replica.yml").read_text())["services"]
    limits.append(beside["replica"]["deploy"]["resources"]["limits"])
    assert [(float(one["cpus"]), one["memory"]) for one in limits] == [
        (share.cpus, f"{share.memory_mb}MB") for share in (*SHARES, FOLLOWER_SHARE)
    ]
