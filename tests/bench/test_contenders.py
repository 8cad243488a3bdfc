"""Each contender serves its edition, within the limits of the arena."""

import json
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
import yaml

from bench.crebitos.edition import CREBITOS
from bench.crebitos.growth import make_ledger
from bench.edition import Edition
from bench.parts.behind_nginx import REPLICA_SHARE, SHARES
from bench.parts.running import Running
from bench.pessoas.contenders import SHARES as PESSOAS_LIMITS
from bench.pessoas.edition import PESSOAS
from bench.pessoas.growth import make_registry, rows
from bench.pessoas.searches import measure_inserts, measure_searches
from bench.proxies.edition import PROXIES
from bench.scaling.edition import SCALING
from rinha.crebitos.on_sqlite import SqliteLedger
from rinha.pessoas.on_sqlite import SqliteRegistry
from stack.part import Share
from stack.run.limits import ControlGroups
from tests.bench.simulated import results_of
from tests.help.ports import free_port
from tests.help.running import ROOT, Client
from tests.loadtest.command import loadtest

MEMORY_MAX_MB = {"crebitos": 550, "pessoas": 3000}
# These fill a disk before they start, and are then the same service; one has to be built first.
NOT_STARTED = {"rinha_10m", "rinha_1m_clients", "rinha_2m_pessoas", "rinha_onefile"}
# `make dev` installs neither Redis nor PgBouncer; `make bench` and `make test-tools` do.
PROGRAMS = {"falcon_pgbouncer": "pgbouncer"}
PROGRAMS |= dict.fromkeys(("fastapi_redis", "fastapi_redis_always"), "redis-server")


def marks_of(name: str) -> list[pytest.MarkDecorator]:
    return [pytest.mark.tools, pytest.mark.needs(PROGRAMS[name])] if name in PROGRAMS else []


STARTED = [
    pytest.param(edition, name, id=f"{edition.name}-{name}", marks=marks_of(name))
    for edition in (CREBITOS, PESSOAS)
    for name in edition.contenders
    if name not in {"constant", *NOT_STARTED}
] + [(SCALING, "limited_1"), (SCALING, "limited_4"), (PROXIES, "nginx_gzip")]


@pytest.fixture
def running(edition: Edition, name: str) -> Iterator[Running]:
    groups = ControlGroups()
    # A folder that the account of PostgreSQL can enter.
    with tempfile.TemporaryDirectory(dir="/var/tmp") as path:
        folder, port = Path(path), free_port()
        folder.chmod(0o755)
        try:
            parts = edition.contenders[name].parts(folder, port)
            with Running(parts, folder, port, edition.ready_path, groups) as started:
                yield started
        finally:
            groups.remove()


@pytest.mark.needs("nginx", "postgres")
@pytest.mark.parametrize(("edition", "name"), STARTED)
def test_a_contender_serves_its_edition(edition: Edition, name: str, running: Running) -> None:
    """Every rule of the official judge holds, and the limits add up to those of the arena."""
    options = ["--no-strict"] if edition.name == CREBITOS.name else []
    address = f"http://127.0.0.1:{running.port}"
    checked = loadtest("check", *options, "--edition", edition.name, address)
    assert checked.code == 0, checked.out
    # A replica is beside the sum.
    shares = [
        part.share for part in running.parts.values() if part.share and part.name != "replica"
    ]
    assert sum(share.cpus for share in shares) == pytest.approx(1.5)
    assert sum(share.memory_mb for share in shares) == MEMORY_MAX_MB[edition.name]


@pytest.mark.starts
@pytest.mark.needs("nginx")
@pytest.mark.parametrize(("edition", "name"), [(CREBITOS, "constant")])
def test_the_ceiling_answers_the_same_to_everything(name: str, running: Running) -> None:
    """Its requests pass nginx and bjoern, and no ledger."""
    client = Client(running.port)
    answers = [client.transact(1, 1, "c"), client("GET", "/clientes/1/extrato")]
    assert [(answer.status, answer.json["limite"]) for answer in answers] == [(200, 100000)] * 2


@pytest.mark.parametrize(
    ("file", "shares"),
    [
        ("docker-compose.yml", {"nginx": SHARES[0], "api01": SHARES[1]}),
        ("stack/compose/replica.yml", {"replica": REPLICA_SHARE}),
        (
            "stack/compose/pessoas.yml",
            {"nginx": PESSOAS_LIMITS[0], "api01": PESSOAS_LIMITS[1]},
        ),
    ],
)
def test_the_service_has_the_limits_of_its_containers(file: str, shares: dict[str, Share]) -> None:
    """The benchmark measures what the compose files give."""
    services = yaml.safe_load((ROOT / file).read_text())["services"]
    for name, share in shares.items():
        limits = services[name]["deploy"]["resources"]["limits"]
        assert (float(limits["cpus"]), limits["memory"]) == (share.cpus, f"{share.memory_mb}MB")


def test_a_prefilled_ledger_passes_the_audit(tmp_path: Path) -> None:
    """The audit finds no problem, and all rows and clients are there."""
    make_ledger(tmp_path / "large.db", transacoes=1000, clientes=50)
    ledger = SqliteLedger(tmp_path / "large.db", synchronous="NORMAL", lock_wait_s=1.0)
    audit = ledger.audit()
    assert (audit.problems, audit.total, audit.transacoes) == ([], 50, 1000)
    ledger.close()


def test_a_prefilled_registry_passes_the_audit(tmp_path: Path) -> None:
    """It holds what the service would have written, each apelido once."""
    make_registry(tmp_path / "many.db", 3_000)
    registry = SqliteRegistry(tmp_path / "many.db", synchronous="NORMAL", lock_wait_s=1)
    assert registry.audit() == ([], 3_000)
    _, apelido, nome, _, stack = next(islice(rows(), 2_999, None))
    [found] = registry.search(apelido)
    assert (found.apelido, found.nome) == (apelido, nome)
    assert json.loads(bytes(found.stack)) == json.loads(stack or "null")
    registry.close()


def test_searches_and_inserts_are_measured_in_every_way(tmp_path: Path) -> None:
    """Each way has a figure for each kind of term, and a place on the page; none is 0."""
    results = results_of({})
    found = measure_searches(tmp_path / "few.db", 500, alternatives=True)
    ways = [f"{way}, 500 people" for way in ("service", "one text", "FTS5", "LIKE")]
    assert {cell.contender for cell in found} == {f"search, {way}" for way in ways}
    assert len(found) == len(ways) * 9
    assert all(0 < cell.figures["cpu_us"] <= cell.figures["max_us"] for cell in found)
    results.cells = [*found, *measure_inserts(tmp_path, 200)]
    text = PESSOAS.page(results, {})
    assert f"|  | {' | '.join(ways)} |" in text
    assert "| with FTS5 in the file |" in text
