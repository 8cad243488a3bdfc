"""The stacks that carry people do the work that they are measured by."""

import importlib
import json
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
import yaml

from bench.parts.cgroups import ControlGroups
from bench.parts.stack import Running, Stack
from bench.people.growth import make_registry, rows
from bench.people.searches import costs, inserts
from bench.people.stacks.rinha_people import SHARES
from rinha.pessoas.on_sqlite import SqliteRegistry
from tests.help.ports import free_port
from tests.help.running import ROOT
from tests.loadtest.command import loadtest

NAMES = ("rinha_people", "fastapi_pg_trgm")
CPUS_MAX, MEMORY_MAX_MB = 1.5, 3000


@pytest.fixture
def running(name: str) -> Iterator[Running]:
    groups = ControlGroups()
    stack: Stack = importlib.import_module(f"bench.people.stacks.{name}").STACK
    # Where PostgreSQL's own user gets too.
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        try:
            with Running(stack, Path(folder), free_port(), groups) as started:
                yield started
        finally:
            groups.remove()


@pytest.mark.parametrize("name", NAMES)
def test_a_stack_does_what_the_judge_wants(name: str, running: Running) -> None:
    """Every rule of the contract holds, search and uniqueness included, within the same limits."""
    checked = loadtest("check", "--edition", "2023q3", f"http://127.0.0.1:{running.port}")
    assert checked.code == 0, checked.out
    shares = running.shares.values()
    assert sum(share.cpus for share in shares) == pytest.approx(CPUS_MAX)
    assert sum(share.memory_mb for share in shares) == MEMORY_MAX_MB


def test_ours_has_the_limits_that_it_is_shipped_with() -> None:
    """What is measured is what the compose file gives."""
    text = (ROOT / "stack" / "pessoas" / "docker-compose.yml").read_text()
    services = yaml.safe_load(text)["services"]
    limits = [services[name]["deploy"]["resources"]["limits"] for name in ("nginx", "api01")]
    assert [(float(one["cpus"]), one["memory"]) for one in limits] == [
        (share.cpus, f"{share.memory_mb}MB") for share in SHARES
    ]


def test_a_registry_that_has_lived_long_is_a_sound_one(tmp_path: Path) -> None:
    """Made by SQL, it is what the service would have made, each apelido once."""
    make_registry(tmp_path / "many.db", 3_000)
    registry = SqliteRegistry(tmp_path / "many.db", synchronous="NORMAL", lock_wait_s=1)
    assert registry.audit() == ([], 3_000)
    _, apelido, nome, _, stack = next(islice(rows(), 2_999, None))
    [found] = registry.search(apelido)
    assert (found.apelido, found.nome) == (apelido, nome)
    assert json.loads(bytes(found.stack)) == json.loads(stack or "null")
    registry.close()


def test_searches_and_inserts_are_measured_in_every_way(tmp_path: Path) -> None:
    """Each way has a figure for each kind of term; none is 0."""
    make_registry(tmp_path / "few.db", 500)
    found = costs(tmp_path / "few.db", alternatives=True)
    ways = {cost.how for cost in found}
    assert ways == {"as it is", "one text", "FTS5", "LIKE"}
    assert len(found) == len(ways) * 9
    assert all(0 < cost.mean <= cost.highest for cost in found)
    assert [one.how for one in inserts(tmp_path, 200)] == ["as it is", "with FTS5 in the file"]
