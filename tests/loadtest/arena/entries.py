"""Compose files for the tests of the arena's rules."""

from decimal import Decimal
from pathlib import Path

from loadtest.arena.compose import Project, load_project
from loadtest.arena.nodes import MapNode
from loadtest.arena.rules import Findings, check_rules
from loadtest.arena.services import Service, read_services
from loadtest.judging.terms import Terms
from loadtest.report.data import Rule

TERMS = Terms(Decimal("1.5"), "550MB")
LIMITS = "deploy: { resources: { limits: { cpus: '%s', memory: %s } } }"
API = f"image: ana/api, {LIMITS % ('0.5', '200MB')}"
# A right entry: a balancer, two instances and a database within the limits.
ENTRY = {
    "nginx": f"image: nginx:1.28, ports: ['9999:9999'], {LIMITS % ('0.2', '50MB')}",
    "api01": API,
    "api02": API,
    "db": f"image: postgres:16, {LIMITS % ('0.3', '100MB')}",
}


def entry(**services: str | None) -> str:
    """Returns the right entry with some services replaced, added, or left out by None."""
    both = {**ENTRY, **services}
    lines = [f"  {name}: {{ {keys} }}" for name, keys in both.items() if keys is not None]
    return "\n".join(["services:", *lines, ""])


def service_of(keys: str) -> str:
    """Returns a file with one service, of which these are some keys in flow style."""
    return f"services: {{ one: {{ image: i, {keys} }} }}"


def write(folder: Path, text: str | bytes, name: str = "docker-compose.yml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def project(folder: Path, text: str | bytes, **environ: str) -> Project:
    return load_project(write(folder, text), environ)


def tree(folder: Path, text: str | bytes, **environ: str) -> MapNode:
    return project(folder, text, **environ).tree


def services(folder: Path, text: str | bytes, **environ: str) -> dict[str, Service]:
    started = read_services(project(folder, text, **environ)).started
    return {one.name: one for one in started}


def findings(folder: Path, text: str | bytes, terms: Terms = TERMS, **environ: str) -> Findings:
    return check_rules(read_services(project(folder, text, **environ)), terms)


def broken(found: Findings) -> list[Rule]:
    return [rule for rule in found.rules if not rule.passed]
