"""The arena's rules: each is broken by its own fault, and by no other."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.arena.roles import Role, role_of
from loadtest.crebitos.edition import CREBITOS
from loadtest.judging.terms import Terms
from loadtest.pessoas.edition import PESSOAS
from tests.loadtest.arena.entries import API, ENTRY, LIMITS, broken, entry, findings

HALF = LIMITS % ("0.5", "200MB")


def test_a_right_entry_breaks_no_rule(tmp_path: Path) -> None:
    """An entry within the rules breaks none of them, and needs no note."""
    found = findings(tmp_path, entry())
    assert found.notes == []
    assert broken(found) == []
    assert {rule.group for rule in found.rules} == {"architecture", "limits", "port", "privileges"}


# Each entry with the rules that it breaks: the service, the rule, and a part of the answer.
BROKEN: dict[str, tuple[dict[str, str | None], list[tuple[str, str, str]]]] = {
    "no limits": (
        {"db": "image: postgres:16"},
        [("db", "CPU limit", "none"), ("db", "memory limit", "none")],
    ),
    "limits at the wrong depth": (
        {"db": "image: postgres:16, deploy: { limits: { cpus: '0.1', memory: 50MB } }"},
        [("db", "CPU limit", "none"), ("db", "memory limit", "none")],
    ),
    "no memory limit": (
        {"db": "image: postgres:16, cpus: 0.1"},
        [("db", "memory limit", "none")],
    ),
    "a limit that is no number": (
        {"nginx": f"image: nginx, ports: ['9999:9999'], {LIMITS % ('0,2', '50MB')}"},
        [("nginx", "CPU limit", "'0,2', which Docker cannot read")],
    ),
    "too much CPU": (
        {"db": f"image: postgres:16, {LIMITS % ('0.31', '100MB')}"},
        [("", "sum of CPU limits", "1.51 CPU: nginx 0.2, api01 0.5, api02 0.5, db 0.31")],
    ),
    "too much memory": (
        {"db": f"image: postgres:16, {LIMITS % ('0.3', '101MB')}"},
        [("", "sum of memory limits", "551MB: nginx 50MB, api01 200MB, api02 200MB, db 101MB")],
    ),
    "replicas count as often": (
        {"api01": f"image: ana/api, {HALF[:-2]}, replicas: 3 }}", "api02": None},
        [
            ("", "sum of CPU limits", "2 CPU: nginx 0.2, 3 x api01 0.5, db 0.3"),
            ("", "sum of memory limits", "750MB"),
        ],
    ),
    "another port": (
        {"nginx": ENTRY["nginx"].replace("9999:", "8080:")},
        [("", "port 9999", "8080 by nginx (docker-compose.yml:2)")],
    ),
    "no port": (
        {"nginx": ENTRY["nginx"].replace("ports:", "expose:")},
        [("", "port 9999", "no port")],
    ),
    "the port twice": (
        {"api01": f"ports: ['9999:80'], {API}"},
        [("", "port 9999", "only one container can have a port of the host")],
    ),
    "privileged": (
        {"db": f"privileged: true, {ENTRY['db']}"},
        [("db", "privileged mode", "privileged: true (docker-compose.yml:5)")],
    ),
    "one instance": (
        {"api02": None},
        [("", "two API instances behind a load balancer", "2: nginx, api01")],
    ),
    "no balancer": (
        {"nginx": None, "api01": f"ports: ['9999:80'], {API}"},
        [("", "two API instances behind a load balancer", "2: api01, api02")],
    ),
    "a database in memory": (
        {"db": f"image: 'redis:7', {LIMITS % ('0.3', '100MB')}"},
        [("", "database", "db: redis:7")],
    ),
    "neither image nor build": (
        {"api02": HALF},
        [("api02", "refused part", "neither")],
    ),
    "an empty service": (
        {"k6": ""},
        [
            ("k6", "refused part", "neither"),
            ("k6", "CPU limit", "none"),
            ("k6", "memory limit", "none"),
        ],
    ),
    "a name that is not defined": (
        {"api02": f"{API}, depends_on: [bd], networks: [n], volumes: ['v:/v']"},
        [
            ("api02", "refused part", "depends_on: bd"),
            ("api02", "refused part", "networks: n"),
            ("api02", "refused part", "v:/v"),
        ],
    ),
    "a missing file of variables": (
        {"api02": f"env_file: [none.env, {{ path: no.env, required: false }}], {API}"},
        [("api02", "refused part", "env_file: none.env (docker-compose.yml:4)")],
    ),
    "one name for two containers": (
        {
            "api01": f"image: ana/api, container_name: x, scale: 2, {LIMITS % ('.5', '200M')}",
            "api02": None,
        },
        [("api01", "refused part", "container_name: x for 2 replicas")],
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_each_fault_breaks_its_own_rule(tmp_path: Path, fault: str) -> None:
    """A faulty entry breaks the rules of its fault; each names the service, its line and why."""
    changes, expected = BROKEN[fault]
    found = broken(findings(tmp_path, entry(**changes)))
    names = sorted((rule.whose.partition(" (")[0], rule.rule) for rule in found)
    assert names == sorted((name, rule) for name, rule, _ in expected)
    for rule in found:
        assert any(part in rule.answer for _, name, part in expected if name == rule.rule)
        assert not rule.whose or "(docker-compose.yml:" in rule.whose


# Entries that break no rule, each with a part of the note that it gets.
NOTED: dict[str, tuple[dict[str, str | None], str]] = {
    "host network": (
        {"nginx": f"image: nginx, network_mode: host, {LIMITS % ('0.2', '50MB')}"},
        "cannot tell who listens on it, as nginx share",
    ),
    "host network, with ports": (
        {"nginx": f"network_mode: host, {ENTRY['nginx']}"},
        "network of the host: nginx (docker-compose.yml:2): allowed",
    ),
    "a volume": ({"db": f"volumes: ['/data'], {ENTRY['db']}"}, "volumes: db: allowed"),
    "memory as a volume": (
        {"db": f"tmpfs: /var/lib/postgresql/data, {ENTRY['db']}"},
        "db (docker-compose.yml:5): /var/lib/postgresql/data is in memory (tmpfs)",
    ),
    "a missing file": (
        {"nginx": f"volumes: ['./nginx.conf:/etc/nginx/nginx.conf:ro'], {ENTRY['nginx']}"},
        "there is no ./nginx.conf beside the file, so Docker mounts an empty folder",
    ),
    "a key that is not known": (
        {"db": f"Limits: {{}}, {ENTRY['db']}"},
        "db (docker-compose.yml:5): docker compose knows no key Limits",
    ),
    "a build": ({"api01": f"build: ., {HALF}", "api02": f"build: ., {HALF}"}, "built on this"),
    "a profile": ({"k6": "image: grafana/k6, profiles: [load]"}, "and in no sum: k6 (profile)"),
    "no known database": (
        {"db": f"image: ana/dados, {LIMITS % ('0.3', '100MB')}"},
        "database: cannot tell from db: ana/dados",
    ),
    "a cache, and a file that the instances share": (
        {
            "db": f"image: redis, {LIMITS % ('0.3', '100MB')}",
            "api01": f"volumes: ['./data:/data'], {API}",
        },
        "database: cannot tell from db: redis",
    ),
    "a cache, and a program of its own": (
        {
            "db": f"image: redis, {LIMITS % ('0.1', '50MB')}",
            "dados": f"image: ana/h2, {LIMITS % ('0.2', '50MB')}",
        },
        "database: cannot tell from db: redis",
    ),
    "two instances in one container": (
        {"api01": f"ports: ['3001:3001', '3002:3002'], {API}", "api02": None},
        "cannot tell; the containers are nginx and api01",
    ),
    "no database": ({"db": None}, "database: cannot tell from this file"),
    "instances of different programs": (
        {"api01": f"image: ana/um, {HALF}", "api02": None, "outra": f"image: ana/dois, {HALF}"},
        "cannot tell; the containers are nginx and api01, outra",
    ),
}


@pytest.mark.parametrize("case", NOTED)
def test_what_is_allowed_or_not_known_is_noted(tmp_path: Path, case: str) -> None:
    """A note, on what the rules allow or a file cannot show, breaks no rule."""
    changes, expected = NOTED[case]
    found = findings(tmp_path, entry(**changes))
    assert broken(found) == []
    assert any(expected in note for note in found.notes), found.notes


RIGHT: dict[str, dict[str, str | None]] = {
    "replicas": {"api01": f"image: ana/api, {HALF[:-2]}, replicas: 2 }}", "api02": None},
    "the same build": {
        "api01": f"build: a, image: x, {HALF}",
        "api02": f"build: a, image: x, {HALF}",
    },
    "two images, one name": {
        "api01": f"image: ana/um, {HALF}",
        "api02": f"image: ana/dois, {HALF}",
    },
    "another balancer": {"nginx": None, "lb": ENTRY["nginx"].replace("nginx:1.28", "ana/lb")},
    "a cache beside the database": {
        "db": f"image: postgres, {LIMITS % ('0.2', '50MB')}",
        "redis": f"image: redis, {LIMITS % ('0.1', '50MB')}",
    },
    "not privileged": {"db": f"privileged: false, {ENTRY['db']}"},
    "a long port": {
        "nginx": f"image: nginx, ports: [{{ target: 80, published: 9999 }}], "
        f"{LIMITS % ('0.2', '50MB')}"
    },
}


@pytest.mark.parametrize("case", RIGHT)
def test_other_right_entries_break_no_rule(tmp_path: Path, case: str) -> None:
    """Entries that follow the rules in another way break none, and nothing is left open."""
    found = findings(tmp_path, entry(**RIGHT[case]))
    assert broken(found) == []
    assert not any("cannot tell" in note for note in found.notes), found.notes


def test_pessoas_has_its_own_terms(tmp_path: Path) -> None:
    """The contest of 2023 has 3.0 GB, names its databases, and nginx."""
    db = f"image: postgres, {LIMITS % ('0.3', '2.5GB')}"
    assert [rule.rule for rule in broken(findings(tmp_path, entry(db=db), CREBITOS.terms))] == [
        "sum of memory limits"
    ]
    assert broken(findings(tmp_path, entry(db=db), PESSOAS.terms)) == []
    other_database = entry(db=ENTRY["db"].replace("postgres:16", "cassandra"))
    assert [rule.rule for rule in broken(findings(tmp_path, other_database, PESSOAS.terms))] == [
        "database"
    ]
    haproxy = entry(nginx=ENTRY["nginx"].replace("nginx:1.28", "haproxy"))
    assert "haproxy balances the load" in findings(tmp_path, haproxy, PESSOAS.terms).notes[0]
    assert findings(tmp_path, haproxy, CREBITOS.terms).notes == []


CENTS = st.lists(st.integers(1, 200), min_size=3, max_size=8)


@given(CENTS, st.integers(1, 300))
def test_sums_are_exact(
    tmp_path_factory: pytest.TempPathFactory, cents: list[int], most: int
) -> None:
    """The sum of limits is exact to the last digit, whatever the number of services."""
    lines = [f"s{n}: {{ image: i, cpus: {cent / 100:.2f} }}" for n, cent in enumerate(cents)]
    text = f"services: {{ {', '.join(lines)} }}"
    terms = Terms(Decimal(most) / 100, "1MB")
    rules = findings(tmp_path_factory.getbasetemp(), text, terms).rules
    [rule] = [rule for rule in rules if rule.rule == "sum of CPU limits"]
    assert rule.passed == (sum(cents) <= most)


@pytest.mark.parametrize(
    ("service", "image", "expected"),
    [
        ("api", "ana/api-nginx", Role.OTHER),
        ("x", "nginx", Role.BALANCER),
        ("x", "registry.example.org:5000/nginx:1.28-alpine@sha256:00", Role.BALANCER),
        ("x", "bitnami/postgresql:16", Role.DATABASE),
        ("x", "mcr.microsoft.com/mssql/server:2022", Role.DATABASE),
        ("api-db", "ana/postgres-api", Role.DATABASE),
        ("app", "ana/rinha-postgres", Role.OTHER),
        ("rinha-db", "ana/x", Role.DATABASE),
        ("lb1", "ana/x", Role.BALANCER),
        ("x", "edoburu/pgbouncer", Role.HELPER),
        ("x", "", Role.OTHER),
    ],
)
def test_an_image_tells_its_role(service: str, image: str, expected: Role) -> None:
    """A known program's image has its role; other images have that of the service's name."""
    assert role_of(service, image) is expected
