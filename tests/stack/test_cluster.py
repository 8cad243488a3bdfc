"""`make cluster` as a user runs it: from one file to three nodes, and the loss of one."""

import fcntl
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from rinha.postgres.hosts import hosts_of
from rinha.settings import load
from stack import postgres, running
from stack.cluster import __main__ as cluster
from stack.cluster import containers, status
from stack.cluster.nodes import COUNT, Node, address_of, make_nodes
from stack.machines import INSTANCES_ON, NODES_ON, Machine, Machines, can_be_made, our_machines
from stack.part import HERE
from tests.help.checkout import Checkout
from tests.help.commands import wait_until
from tests.help.ports import free_ports
from tests.help.running import Client

WALK_MAX_S = 150.0
pytestmark = pytest.mark.xdist_group("cluster")


LOCAL = {**os.environ, "MODE": "local"}


def run(checkout: Checkout, *words: str, **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=checkout.folder,
        env=LOCAL | environment,
        capture_output=True,
        text=True,
        timeout=WALK_MAX_S,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def reached(checkout: Checkout) -> Iterator[Checkout]:
    """A checkout that PostgreSQL's own user can enter."""
    checkout.folder.chmod(0o755)
    yield checkout
    checkout.stack("down")
    run(checkout, "stack.cluster", "down")


def test_from_a_file_to_a_cluster(reached: Checkout) -> None:
    """One line in .env moves the service: the balances stay, and the loss of a node is survived."""
    assert run(reached, "stack.cluster", "status") == (3, "the cluster is not up\n")
    assert reached.stack("up")[0] == 0
    assert Client(reached.port).transact(1, 700, "d", "before").status == 200
    assert reached.stack("down")[0] == 0

    leave_unfinished(reached)
    code, text = run(reached, "stack.cluster", "up")
    assert code == 0, text
    found = re.search("^RINHA_LEDGER=(.*)$", text, re.MULTILINE)
    assert found
    # As a first start leaves it that was killed before the database was made.
    (reached.folder / "var" / "cluster" / "unfinished").touch()
    assert "move a ledger there" in run(reached, "stack.cluster", "up")[1]
    code, text = run(reached, "rinha", "move", "var/rinha.db", found[1])
    assert code == 0, text
    (reached.folder / ".env").write_text(f"{found[0]}\n")

    code, text = reached.stack("up")
    assert code == 0, text
    client = Client(reached.port)
    assert client.extrato(1)["ultimas_transacoes"][0]["descricao"] == "before"
    if can_be_made():
        conf = (reached.folder / "var" / "instances.conf").read_text()
        assert len(set(re.findall(r"server (198\.18\.[0-9.]+):\d+ max_fails", conf))) == 2
    code, text = run(reached, "stack.cluster", "status")
    assert (code, "healthy: " in text) == (0, True), text

    assert_files_are_closed(reached)
    kill_primary(reached, text)
    wait_until(lambda: client.transact(1, 1, "d", "after").status == 200, timeout_s=WALK_MAX_S)
    # The other instance may still search for the new primary.
    statement = "/clientes/1/extrato"
    wait_until(lambda: client("GET", statement).status == 200, timeout_s=WALK_MAX_S)
    assert client.extrato(1)["saldo"]["total"] <= -701
    assert "every promise holds" in reached.stack("check")[1]
    wait_until(lambda: run(reached, "stack.cluster", "status")[0] == 0, timeout_s=WALK_MAX_S)


def leave_unfinished(checkout: Checkout) -> None:
    """Leaves what a first start leaves that was stopped while Patroni made the first node."""
    top = checkout.folder / "var" / "cluster"
    (top / "node1" / "data").mkdir(parents=True)
    (top / "node1" / "data" / "PG_VERSION").write_text("15\n")
    (top / "unfinished").touch()


def assert_files_are_closed(checkout: Checkout) -> None:
    """Asserts that secrets of the cluster and its nodes are open to their owner alone."""
    top = checkout.folder / "var" / "cluster"
    folders = [top / "authority", *(top / f"node{number}" for number in (1, 2, 3))]
    assert [oct(each.stat().st_mode) for each in folders] == ["0o40700"] * 4
    files = [*top.glob("*/*.key"), *top.glob("*/*.yml"), top / "passwords.json", top / "passfile"]
    assert len(files) == 9
    assert {oct(each.stat().st_mode) for each in files} == {"0o100600"}


def kill_primary(checkout: Checkout, status: str) -> None:
    """Kills PostgreSQL and its Patroni; runit starts Patroni again, as on a real machine."""
    name = re.search(r"^(\w+) +leader", status, re.MULTILINE)
    assert name
    top = checkout.folder / "var" / "cluster"
    patroni = top / "service" / f"patroni-{name[1]}" / "supervise" / "pid"
    postmaster = top / name[1] / "data" / "postmaster.pid"
    for file in (patroni, postmaster):
        os.kill(int(file.read_text().split()[0]), signal.SIGKILL)


def test_containers_of_two_projects_do_not_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    """The containers of two projects have separate networks, and no two nodes share an address."""
    seen = set()
    for project in ("rinha-cluster", "rinha-tests-cluster"):
        monkeypatch.setenv("COMPOSE_PROJECT_NAME", project)
        seen |= {node.api for node in containers.nodes()}
    assert len(seen) == 6


def test_a_cluster_from_before_certificates_is_left_alone(checkout: Checkout) -> None:
    """A cluster made without certificates is refused: its etcd would not find its members."""
    folder = checkout.folder / "var" / "cluster"
    folder.mkdir(parents=True)
    (folder / "passwords.json").write_text("{}")
    code, text = run(checkout, "stack.cluster", "up")
    assert (code, text.count("\n")) == (2, 1)
    assert "`rinha move` the ledger to a file" in text
    assert [file.name for file in folder.iterdir()] == ["passwords.json"]


@pytest.mark.parametrize(
    ("mode", "other", "volume", "folder"),
    [("local", "docker", "rinha-cluster_node1", "log"), ("docker", "local", "", "node1")],
)
def test_a_cluster_is_started_as_it_was_made(
    checkout: Checkout, mode: str, other: str, volume: str, folder: str
) -> None:
    """With its address in .env a cluster in containers counts as one of plain processes. A new and
    empty one beside it would look as if the ledger was lost."""
    top = checkout.folder / "var" / "cluster"
    for each in (top / "authority", top / folder):
        each.mkdir(parents=True)
    (top / "passwords.json").write_text("{}")
    (top / "authority" / "etcd-ca.pem").touch()
    docker = checkout.folder / "docker"
    docker.write_text(f'#!/bin/sh\n[ "$1" != volume ] || echo {volume}\n')
    docker.chmod(0o755)
    path = f"{docker.parent}:{os.environ['PATH']}"
    code, text = run(checkout, "stack.cluster", "up", MODE=mode, PATH=path)
    assert (code, text.count("\n"), f"MODE={other}`" in text) == (2, 1, True), text


@pytest.mark.parametrize(("address", "may"), [("192.0.2.1", True), ("127.0.0.1", False)])
def test_a_cluster_is_started_where_it_was_made(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, address: str, may: bool
) -> None:
    """etcd finds its members at the addresses of their first start, and at no others."""
    place = {"data_dir": "/srv/old/var/cluster/node1/data"}
    made = {"restapi": {"connect_address": f"{address}:25435"}, "postgresql": place}
    top = checkout.folder / "var" / "cluster"
    for name in ("passwords.json", "authority/etcd-ca.pem", "node1/patroni.yml"):
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(json.dumps(made))
    monkeypatch.setattr(cluster, "TOP", top)
    monkeypatch.setattr(cluster, "can_be_made", lambda: True)
    assert cluster.may_make_machines() == may
    if may:
        code, text = run(checkout, "stack.cluster", "up")
        assert (code, text.count("\n"), "was made in /srv/old, and" in text) == (2, 1, True)


def test_what_stands_in_the_way_of_a_cluster_is_said(checkout: Checkout) -> None:
    """A folder that PostgreSQL's user cannot enter gives one line, and no process is left."""
    if os.geteuid() != 0:
        pytest.skip("without root the test runs as that user")
    code, text = run(checkout, "stack.cluster", "up")
    assert (code, text.count("\n")) == (2, 1)
    assert "may not enter" in text
    assert run(checkout, "stack.cluster", "down") == (0, "the cluster is not up\n")


def test_a_second_command_waits_for_the_first(checkout: Checkout) -> None:
    """A second start would remove the machines of the first, and both would fail."""
    (checkout.folder / "var").mkdir()
    with (checkout.folder / "var" / "cluster.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        command = [sys.executable, "-m", "stack.cluster", "down"]
        second = subprocess.Popen(command, cwd=checkout.folder, env=LOCAL)
        waits = re.compile(rf"-> FLOCK +ADVISORY +WRITE {second.pid} ")
        wait_until(lambda: waits.search(Path("/proc/locks").read_text()) or second.poll() == 0)
        assert second.poll() is None
    assert second.wait(WALK_MAX_S) == 0


def test_a_first_start_that_was_killed_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Patroni cannot continue such a start. The nodes of a later one are kept."""
    monkeypatch.setattr(cluster, "UNFINISHED", tmp_path / "unfinished")
    nodes = make_nodes(1, tmp_path, [Machine()])
    cluster.remove_unfinished(nodes)
    nodes[0].folder.mkdir()
    cluster.remove_unfinished(nodes)
    assert not nodes[0].folder.exists()
    nodes[0].folder.mkdir()
    (tmp_path / "unfinished").unlink()
    cluster.remove_unfinished(nodes)
    assert nodes[0].folder.exists()


@pytest.mark.skipif(not can_be_made(), reason="needs network namespaces")
def test_instances_keep_their_machines(checkout: Checkout) -> None:
    """The machine of an instance that still runs outlives the cluster: the instance would never
    find its nodes again."""
    machines = Machines(checkout.folder.resolve(), (*NODES_ON, *INSTANCES_ON))
    instance = subprocess.Popen([*machines.make()[-1].enter, "sleep", str(WALK_MAX_S)])
    try:
        wait_until(machines.are_used)
        (checkout.folder / "var" / "cluster" / "service").mkdir(parents=True)
        assert "is down" in run(checkout, "stack.cluster", "down")[1]
        assert machines.are_there()
        instance.kill()
        instance.wait()
        assert run(checkout, "stack.cluster", "down") == (0, "the cluster is not up\n")
        assert not machines.are_there()
    finally:
        instance.kill()
        machines.unmake()


@pytest.mark.parametrize(
    ("host", "on"), [(None, INSTANCES_ON), ("localhost", ()), ("127.0.0.1:5432", ())]
)
def test_instances_reach_another_server_beside_a_cluster(
    monkeypatch: pytest.MonkeyPatch, host: str | None, on: Sequence[str]
) -> None:
    """The machines of a cluster reach its nodes only: they have the instances of that ledger."""
    machines = our_machines()
    monkeypatch.setattr(Machines, "are_there", lambda _: True)
    node = machines.some(NODES_ON)[-1].address
    ledger = f"postgresql://rinha@{host or node}/rinha"
    layout = running.layout(load({"RINHA_LEDGER": ledger}))
    assert list(layout.machines) == (machines.some(on) or [HERE])


@pytest.mark.parametrize("folder", ["me@work", "a b", "100%", "a&b", "a=b", "a#b", "it's", "ã"])
def test_the_address_is_valid_in_any_folder(folder: str) -> None:
    """The printed address is accepted, and names the passfile, wherever the clone is."""
    passfile = Path("/home", folder, "passfile")
    address = address_of(make_nodes(1, passfile.parent, [Machine()]), passfile)
    ledger = load({"RINHA_LEDGER": address}).ledger
    assert [host["passfile"] for host in hosts_of(str(ledger))] == [str(passfile)] * 3


def test_a_port_that_another_program_has_is_no_node(tmp_path: Path) -> None:
    """A node counts as lost if another program listens on its Patroni port."""
    first, *_ = nodes = make_nodes(free_ports(4 * COUNT), tmp_path, [Machine()])
    with socket.create_server(("127.0.0.1", first.patroni_port)) as server:

        def greet() -> None:
            for _ in range(2):
                with server.accept()[0] as connection:
                    connection.sendall(b"SSH-2.0-x\r\n")

        threading.Thread(target=greet, daemon=True).start()
        assert not any(ask(nodes) for ask in (status.primary, status.is_healthy))


def test_no_argument_of_a_process_has_a_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The password of the ledger's role is no argument of psql, which every user could read."""
    seen: list[str] = []

    def note(command: Sequence[str | Path], _text: str = "") -> str:
        seen.extend(map(str, command))
        return ""

    monkeypatch.setattr(postgres, "run", note)
    status.make_database(Node(0, 1, tmp_path, Machine()), "secret")
    assert "psql" in seen
    assert not [word for word in seen if "secret" in word]
