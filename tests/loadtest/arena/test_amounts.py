"""Limits and ports, in every spelling that people use."""

import time
from decimal import Decimal
from pathlib import Path

import pytest

from loadtest.arena.amounts import memory_bytes
from loadtest.arena.nodes import Place, Scalar
from loadtest.arena.ports import read_port
from tests.loadtest.arena.entries import service_of, services

MB = 2**20


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("100MB", 100 * MB),
        ("'100mb'", 100 * MB),
        ("100M", 100 * MB),
        ("100m", 100 * MB),
        ("100MiB", 100 * MB),
        ("'100 MB'", 100 * MB),
        ("0.1gb", 107_374_182),
        ("'0.5GB'", 512 * MB),
        (".5g", 512 * MB),
        ("1.gb", 1024 * MB),
        ("204800kb", 200 * MB),
        ("104857600", 100 * MB),
        ("104857600b", 100 * MB),
        ("1e2MB", None),
        ("-100MB", None),
        ("100 M B", None),
        ("100MBs", None),
        ("cem", None),
        ("'100,5MB'", None),
        (f"{'9' * 5_000}MB", None),
    ],
)
def test_memory_is_read_in_dockers_units(tmp_path: Path, text: str, expected: int | None) -> None:
    """Memory has Docker's binary units, in any spelling; other texts are no limit."""
    keys = f"deploy: {{ resources: {{ limits: {{ memory: {text} }} }} }}"
    limit = services(tmp_path, service_of(keys))["one"].memory
    assert (int(limit.amount) if not limit.fault else None) == expected


def test_a_long_text_is_refused_by_its_length() -> None:
    """The digits of a text that is no size take no time."""
    began_at = time.process_time()
    assert memory_bytes("9" * 20_000 + "x") is None
    assert time.process_time() - began_at < 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'0.4'", "0.4"),
        ("0.4", "0.4"),
        (".4", "0.4"),
        ("'.4'", "0.4"),
        ("1", "1"),
        ("1.", "1"),
        ("0.40", "0.4"),
        ("4e-1", "0.4"),
        ("'0,4'", None),
        ("400m", None),
        ("-0.4", None),
        ("nan", None),
        ("1e999999999", None),
        ("'٠.٤'", None),
    ],
)
def test_cpus_are_read_as_people_write_them(
    tmp_path: Path, text: str, expected: str | None
) -> None:
    """CPUs are a number, with or without quotes and leading zero; other texts are no limit."""
    keys = f"deploy: {{ resources: {{ limits: {{ cpus: {text} }} }} }}"
    limit = services(tmp_path, service_of(keys))["one"].cpu
    assert (limit.amount if not limit.fault else None) == (expected and Decimal(expected))


@pytest.mark.parametrize(
    ("keys", "cpu_fault", "memory_fault"),
    [
        ("cpus: 0.4, mem_limit: 100m", "", ""),
        ("cpus: 0.4", "", "none"),
        ("deploy: { resources: { limits: { memory: 100MB } } }", "none", ""),
        ("deploy: { resources: { reservations: { cpus: '1', memory: 1g } } }", "none", "none"),
        ("cpus: 0, mem_limit: 0", "no limit", "no limit"),
        ("cpus: 0.001, mem_limit: 5m", "minimum is 0.01", "minimum is 6MB"),
        ("mem_limit: 100m, deploy: { resources: { limits: { memory: 200MB } } }", "none", "but"),
        ("mem_limit: 100m, deploy: { resources: { limits: { memory: 102400k } } }", "none", ""),
        ("deploy: ", "none", "none"),
        ("deploy: { resources: }", "none", "none"),
    ],
)
def test_a_limit_that_does_not_limit_has_a_fault(
    tmp_path: Path, keys: str, cpu_fault: str, memory_fault: str
) -> None:
    """Old and new keys limit; none, zero, too little and two that differ have a fault."""
    one = services(tmp_path, service_of(keys))["one"]
    for limit, fault in ((one.cpu, cpu_fault), (one.memory, memory_fault)):
        assert bool(limit.fault) == bool(fault)
        assert fault in limit.fault


@pytest.mark.parametrize(
    ("ports", "is_published"),
    [
        ("'9999:9999'", True),
        ("9999:9999", True),
        ("'9999:80'", True),
        ("'9999:80/tcp'", True),
        ("'127.0.0.1:9999:80'", True),
        ("'[::1]:9999:80'", True),
        ("'::1:9999:80'", True),
        ("'9990-9999:9990-9999'", True),
        ("'9998-9999:80-81'", True),
        ("{ target: 80, published: 9999 }", True),
        ("{ target: 80, published: '9999', host_ip: 0.0.0.0, protocol: tcp, mode: host }", True),
        ("{ target: 80, published: 9990-9999 }", True),
        ("9999", False),
        ("'9999'", False),
        ("'127.0.0.1::9999'", False),
        ("'8080:9999'", False),
        ("'9999:9999/udp'", False),
        ("{ target: 9999 }", False),
        ("{ target: 9999, published: 9999, protocol: udp }", False),
    ],
)
def test_published_ports_are_those_of_the_host(
    tmp_path: Path, ports: str, is_published: bool
) -> None:
    """A port is published by the host's part of any syntax, over TCP."""
    one = services(tmp_path, service_of(f"ports: [{ports}]"))["one"]
    assert not one.faults
    assert any(port.publishes(9999) for port in one.ports) == is_published


@pytest.mark.parametrize(
    "text", ["", "x", "9999:", ":", "1:2:3:4:x", "99999:80", "2-1:2-1", "1-3:1-2", "80/icmp", "٩:٩"]
)
def test_a_port_that_docker_cannot_read_is_none(tmp_path: Path, text: str) -> None:
    """Texts that are no port give no port, and a fault of the service."""
    assert read_port(Scalar(Place(tmp_path, 1), text)) is None
    one = services(tmp_path, service_of(f"ports: ['{text}']"))["one"]
    assert [fault.found for fault in one.faults] == [text]
