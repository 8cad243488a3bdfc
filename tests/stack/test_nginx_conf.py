"""The proxy's configuration agrees with the service."""

import re
import subprocess
from pathlib import Path

import pytest

from rinha.crebitos import limits as crebitos
from rinha.pessoas import limits as pessoas
from rinha.settings import EDITIONS, load
from stack.machines import Machine
from stack.nginx import conf
from stack.part import HERE
from stack.parts import Layout, servers
from stack.paths import ROOT

INCLUDED = ROOT / "stack" / "nginx"
MACHINES = [Machine(address, ("enter",)) for address in ("10.0.0.7", "10.0.0.8")]


@pytest.mark.parametrize(
    ("edition", "most_bytes"),
    [("crebitos", crebitos.BODY_MAX_BYTES), ("pessoas", pessoas.BODY_MAX_BYTES)],
)
def test_the_body_limit_is_the_same_in_both_places(edition: str, most_bytes: int) -> None:
    """Proxy and service refuse the same bodies, and nginx never writes a body to the disk."""
    text = (INCLUDED / f"{edition}.conf").read_text()
    for name in ("client_max_body_size", "client_body_buffer_size"):
        assert f"{name} {most_bytes // 1024}k;" in text
    assert f"$body_max_bytes {{ default {most_bytes}; }}" in text


@pytest.mark.parametrize(("edition", "has_keys"), [("crebitos", True), ("pessoas", False)])
def test_the_advice_after_no_answer_suits_the_edition(edition: str, has_keys: bool) -> None:
    """The advice says that the outcome is open; only an edition with keys asks clients for one."""
    included = (INCLUDED / f"{edition}.conf").read_text()
    advice = re.search(r'map "" \$retry \{\s+default "(.+)";', included)
    assert advice
    assert "before you send it again" in advice[1]
    assert ("Idempotency-Key" in advice[1]) == ("$http_idempotency_key" in included) == has_keys
    own = (ROOT / "nginx.conf").read_text()
    assert "no instance answered: $retry" in own
    assert "its Idempotency-Key" not in own


def write(folder: Path, *machines: Machine, **asked: str) -> None:
    settings = load({"OPS_PORT": "off", **asked})
    conf.write(folder, settings, servers(Layout(settings, folder, machines=machines or [HERE])))


def test_the_shipped_files_are_what_the_contest_wants(tmp_path: Path) -> None:
    """Containers get the files that are written for port 9999 and two instances: least_conn."""
    write(tmp_path)
    for name, shipped in (
        ("nginx.conf", "../../nginx.conf"),
        ("edition.conf", "crebitos.conf"),
        ("instances.conf", "instances.conf"),
        ("listen.conf", "listen.conf"),
    ):
        assert (tmp_path / name).read_text() == (INCLUDED / shipped).read_text()
    assert "least_conn;" in (tmp_path / "nginx.conf").read_text()
    assert len((tmp_path / "instances.conf").read_text().splitlines()) == 2


def test_another_port_and_other_instances_are_written(tmp_path: Path) -> None:
    """Port, address and instances are settings; no file of other settings is left."""
    write(tmp_path, *MACHINES, PORT="1234", BIND="[::1]", INSTANCES="3", OPS_PORT="4321")
    assert (tmp_path / "listen.conf").read_text().startswith("listen [::1]:1234 ")
    assert "api02 10.0.0.8:8002;\n" in (tmp_path / "addresses.conf").read_text()
    assert "127.0.0.1:4321 " in (tmp_path / "metrics-listen.conf").read_text()
    found = (tmp_path / "instances.conf").read_text().splitlines()
    addresses = ("10.0.0.7:8001", "10.0.0.8:8002", "10.0.0.7:8003")
    assert found == [f"server {address} max_fails=0;" for address in addresses]
    write(tmp_path, INSTANCES="3")
    left = {path.name for path in tmp_path.glob("*.conf")}
    assert left == {"nginx.conf", "edition.conf", "instances.conf", "listen.conf"}
    assert "api03" in (tmp_path / "instances.conf").read_text()


@pytest.mark.needs("nginx")
@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("machines", [[], MACHINES], ids=["here", "elsewhere"])
def test_nginx_accepts_every_combination(
    tmp_path: Path, edition: str, machines: list[Machine]
) -> None:
    """`nginx -t` accepts the files of each edition, with instances here and on other machines."""
    write(tmp_path, *machines, RINHA_EDITION=edition, OPS_PORT="9990")
    tried = subprocess.run([*conf.COMMAND, "-t"], cwd=tmp_path, check=False, capture_output=True)
    assert tried.returncode == 0, tried.stderr
