"""docker compose reads the same values from the same files; `config` needs no engine."""

import json
import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from loadtest.arena.amounts import memory_bytes
from tests.loadtest.arena.entries import service_of, services, write
from tests.loadtest.command import ROOT

COMMON = """
x-limits: &limits
  deploy: { resources: { limits: { cpus: '0.25', memory: 50MB } } }
"""
FILES = {
    "limits": service_of("deploy: { resources: { limits: { cpus: .4, memory: 0.1gb } } }"),
    "old limits": service_of("cpus: 0.5, mem_limit: 100m"),
    "bytes": service_of("mem_limit: 104857600"),
    "spaces": service_of("mem_limit: '100 MB'"),
    "unquoted ports": service_of("ports: [9999:9999, 80, 8080:80/udp]"),
    "ranges": service_of("ports: ['9990-9999:9990-9999']"),
    "addresses": service_of("ports: ['127.0.0.1:9999:80', '[::1]:9999:81']"),
    "long ports": service_of("ports: [{ target: 80, published: '9999' }, { target: 81 }]"),
    "variables": service_of("cpus: '${C:-0.5}', mem_limit: '${M}'"),
    "dollar signs": "services: { one: { image: 'a $$M $ $1 $(M) $M ${M}$' } }",
    "nested variables": service_of("cpus: '${NONE:-${ALSO:-0.75}}', mem_limit: '${M:?needed}'"),
    "alternatives": "services: { one: { image: '${M:+a}${NONE:+b}${NONE-c}${EMPTY-d}${M+e}' } }",
    "empty variables": "services: { one: { image: 'i${EMPTY:-a}${EMPTY+b}${EMPTY:+c}${NONE}' } }",
    "merge keys": f"{COMMON}\nservices: {{ one: {{ <<: *limits, image: i }} }}",
    "merged lists": f"{COMMON}\nx-b: &b {{ cpus: 1, image: b }}\n"
    "services: { one: { <<: [*limits, *b], image: i, cpus: '0.25' } }",
    "extends": f"{COMMON}\nservices:\n  one: {{ extends: two, image: i, ports: ['1:1'] }}\n"
    "  two: { <<: *limits, image: j, ports: ['2:2'], privileged: true }",
    "extends another file": "services:\n  one:\n    extends: { file: base/base.yml, service: b }\n"
    "    deploy: { resources: { limits: { memory: 60MB } } }",
    "replicas": service_of("deploy: { replicas: 2, resources: { limits: { cpus: '0.1' } } }"),
    "profiles": f"{service_of('cpus: 1')[:-1]}, two: {{ image: i, profiles: [p] }} }}",
    "documents": "services: { one: { image: a } }\n---\nservices: { one: { image: i, cpus: 1 } }",
    "words for true": service_of("privileged: true"),
    "an anchor twice": "x-a: &a { cpus: 1 }\nx-b: &a { cpus: 2, image: i }\n"
    "services: { one: { <<: *a } }",
    "this project": (ROOT / "docker-compose.yml").read_text(),
}
ENVIRON = {"M": "64MB", "EMPTY": ""}


@cache
def has_docker_compose() -> bool:
    try:
        done = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


def as_docker_reads(path: Path) -> dict[str, Any]:
    done = subprocess.run(
        ["docker", "compose", "--file", path, "config", "--format", "json"],
        capture_output=True,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **ENVIRON},
        check=True,
    )
    # It writes a dollar sign as two.
    found: dict[str, Any] = json.loads(done.stdout.replace(b"$$", b"$"))["services"]
    return found


@pytest.mark.tools
@pytest.mark.parametrize("case", FILES)
def test_docker_compose_reads_the_same(tmp_path: Path, case: str) -> None:
    """Limits, ports, image, replicas and privileges are those that docker compose reads."""
    if not has_docker_compose():
        pytest.skip("docker compose is missing")
    base = f"{COMMON}\nservices: {{ b: {{ <<: *limits, image: base, ports: ['7:7'] }} }}"
    write(tmp_path, base, "base/base.yml")
    path = write(tmp_path, FILES[case])
    ours, theirs = services(tmp_path, FILES[case], **ENVIRON), as_docker_reads(path)
    assert set(ours) == set(theirs)
    for name, one in ours.items():
        other = theirs[name]
        deploy = other.get("deploy", {})
        limits = deploy.get("resources", {}).get("limits", {})
        cpus, memory = limits.get("cpus", other.get("cpus", 0)), limits.get("memory", 0)
        assert float(one.cpu.amount) == pytest.approx(float(cpus))
        assert one.memory.amount == (memory_bytes(str(memory or other.get("mem_limit", 0))) or 0)
        assert one.image == other.get("image", "")
        assert one.replicas == deploy.get("replicas", other.get("scale", 1))
        assert bool(one.privileged) == other.get("privileged", False)
        published = sorted(
            str(port["published"]) for port in other.get("ports", []) if "published" in port
        )
        assert published == sorted(
            str(number)
            for port in one.ports
            if port.first
            for number in range(port.first, port.last + 1)
        )
