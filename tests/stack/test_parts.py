"""A new part of the stack is one entry: plain processes, benchmark and drill start it."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.parts.behind_nginx import behind_nginx
from bench.parts.running import Running
from stack import drill, parts
from stack.part import answers, listens
from stack.run.limits import ControlGroups
from tests.help.checkout import Checkout
from tests.help.ports import free_ports
from tests.help.second_proxy import HOST, second_proxy

pytestmark = [pytest.mark.starts, pytest.mark.needs("nginx", "litestream")]


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for a stack with one more entry. The path of a unix socket must be short."""
    monkeypatch.setattr(parts, "PARTS", (*parts.PARTS, second_proxy))
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def test_the_benchmark_starts_a_new_part(folder: Path) -> None:
    """A contender of this service has every part of the description."""
    port = free_ports(2)
    found = behind_nginx(folder, port)
    with Running(found, folder, port, "/health", ControlGroups(folder, folder)) as running:
        assert "proxy" in running.usage()
        assert answers(HOST, port + 1, "/clientes/1/extrato")


def test_the_drill_starts_a_new_part(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The drill loses and restores a stack with every part of the description."""
    answered = []
    monkeypatch.setattr(drill, "free_port", lambda: free_ports(2))
    monkeypatch.setattr(
        drill, "load", lambda port, _: answered.append(answers(HOST, port + 1, "/health"))
    )
    assert drill.drill(folder, 1) == 0
    assert answered == [True]


def test_plain_processes_start_a_new_part(checkout: Checkout) -> None:
    """`up` starts and supervises every part of the description, and `down` stops it."""
    with (checkout.folder / "stack" / "parts.py").open("a") as description:
        description.write(
            "\nfrom tests.help.second_proxy import second_proxy\nPARTS = (*PARTS, second_proxy)\n"
        )
    port = free_ports(2)
    code, text = checkout.stack("up", PORT=str(port))
    assert code == 0, text
    assert answers(HOST, port + 1, "/health")
    assert "/proxy: (pid" in checkout.stack("status")[1]
    assert checkout.stack("down")[0] == 0
    assert not listens((HOST, port + 1))
