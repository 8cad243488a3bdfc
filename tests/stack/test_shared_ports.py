"""Stacks that start at the same time on one port."""

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rinha.settings import load
from stack import shared_ports
from tests.help.checkout import Checkout
from tests.help.commands import run
from tests.help.ports import free_port

# `up` whose check of the ports comes just before the other stack listens.
LATE_UP = """
import sys
from stack import __main__ as stack, ports
check = ports.problem
ports.problem = lambda settings, *known, **ours: check(settings, *known, **ours) if known else None
sys.argv[1:] = ["up"]
sys.exit(stack.main())
"""
LISTEN = """
import socket, sys
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
listener.bind(("127.0.0.1", int(sys.argv[1])))
listener.listen()
print("listens", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def listener_in(folder: Path, port: int) -> Iterator[None]:
    """A process that runs in the folder and shares the port, as nginx does."""
    with subprocess.Popen(
        [sys.executable, "-c", LISTEN, str(port)],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stdout.readline()
        yield
        process.communicate()


@pytest.mark.parametrize(
    ("address", "is_shared"), [("127.0.0.1", True), ("", True), ("127.0.0.2", False)]
)
def test_a_shared_port_is_found(tmp_path: Path, address: str, *, is_shared: bool) -> None:
    """A port is shared if another process listens on the same address, or on every one."""
    port = free_port()
    settings = load({"PORT": str(port), "OPS_PORT": "off"})
    with listener_in(tmp_path, port), socket.socket() as other:
        assert shared_ports.names(settings, tmp_path) == []
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind((address, port))
        other.listen()
        assert shared_ports.names(settings, tmp_path) == (["PORT"] if is_shared else [])


def test_of_two_stacks_that_start_at_once_one_is_refused(
    checkout: Checkout, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A port that was free at the check is checked again once nginx listens: a client of two
    stacks would write two ledgers."""
    assert checkout.stack("up")[0] == 0
    other = Checkout(tmp_path_factory.mktemp("other"))
    ports = {"PORT": str(checkout.port), "OPS_PORT": str(checkout.ops_port)}
    try:
        done = run(sys.executable, "-c", LATE_UP, cwd=other.folder, env=ports)
    finally:
        code, _ = other.stack("down")
    assert (done.code, done.out) == (2, "rinha is down; its ledger stays\n"), done.text
    assert f"ports {checkout.port} and {checkout.ops_port} are in use" in done.err
    assert code == 0
    other.wait_until_nothing_runs()
    assert checkout.stack("status")[0] == 0
