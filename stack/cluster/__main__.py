"""A PostgreSQL cluster on this machine: up, status or down.

MODE=docker puts each node into a container. Otherwise runit runs the nodes. If root may make
network namespaces, each node has a simulated machine (stack/machines.py), and the instances have
two more. Otherwise all nodes share this machine.
"""

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from stack import postgres
from stack.cluster import containers
from stack.cluster.certificates import Authority
from stack.cluster.limits import FIRST_PORT, STOP_MAX_S, UP_MAX_S
from stack.cluster.nodes import (
    ROLE,
    Node,
    address_of,
    make_nodes,
    new_passwords,
    parts_of,
    write_secret,
)
from stack.cluster.status import is_healthy, make_database, members, primary
from stack.machines import NODES_ON, Machine, can_be_made, our_machines
from stack.messages import fail
from stack.one_at_a_time import one_at_a_time
from stack.owner_only import make_cluster_folder, set_private_umask
from stack.part import become, wait_until
from stack.paths import CLUSTER, ROOT
from stack.run.runit import Runit

TOP = ROOT / CLUSTER
PASSFILE = TOP / "passfile"
PASSWORDS = TOP / "passwords.json"
AUTHORITY = Authority(TOP / "authority")
# Exists until the first start of the nodes is done.
UNFINISHED = TOP / "unfinished"
RUNIT = Runit(CLUSTER, STOP_MAX_S)
PROGRAMS = {
    "patroni": "patroni",
    "etcd": "etcd-server",
    "runsvdir": "runit",
    "openssl": "openssl",
}


NOT_UP = "the cluster is not up"
NOT_HEALTHY = f"the cluster was not healthy within {UP_MAX_S:g} s; its last log lines are above"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m stack.cluster", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    command = parser.parse_args().command
    os.chdir(ROOT)
    set_private_umask()
    try:
        with one_at_a_time("cluster") if command in ALONE else contextlib.nullcontext():
            return COMMANDS[command]()
    except (OSError, postgres.MissingError) as error:
        return fail(str(error))


def up() -> int:
    if RUNIT.supervisor():
        print("the cluster is up already")
        return _finish(_nodes()) if UNFINISHED.exists() else status()
    if PASSWORDS.exists() and not AUTHORITY.is_there():
        return fail(
            f"the cluster in {CLUSTER} was made before etcd required certificates: with the "
            f"version that made it, `rinha move` the ledger to a file, then remove {CLUSTER}"
        )
    in_containers = os.environ.get("MODE") == "docker" or containers.are_up()
    if PASSWORDS.exists() and (other := _other_mode(in_containers)):
        return fail(other)
    if not in_containers and (moved := _moved()):
        return fail(moved)
    return _up_in_containers() if in_containers else _up_here()


def _other_mode(in_containers: bool) -> str | None:
    """Returns why the cluster that was made before cannot be started in this mode, or None."""
    is_here, volumes = any(TOP.glob("node[1-9]")), containers.volumes()
    if in_containers and is_here and not volumes:
        return f"the data of the cluster is in {CLUSTER}: `make cluster MODE=local`, or remove it"
    if not in_containers and volumes and not is_here:
        return (
            "the data of the cluster is in containers' volumes: `make cluster MODE=docker`, or "
            f"docker volume rm {volumes}"
        )
    return None


def _made_in() -> tuple[Path, str] | None:
    """Returns the clone in which the nodes were made, and the first one's address, or None."""
    try:
        made = json.loads((TOP / "node1" / "patroni.yml").read_text())
    except (OSError, ValueError):
        return None
    address, _, _ = made["restapi"]["connect_address"].rpartition(":")
    return Path(made["postgresql"]["data_dir"]).parents[3], address


def _moved() -> str | None:
    """Returns why nodes that were made in another folder cannot be started here, or None. The
    machines of this folder have other addresses, at which etcd does not find its members."""
    clone, address = _made_in() or (ROOT, Machine().address)
    if address in (Machine().address, our_machines().some(NODES_ON)[0].address):
        return None
    return (
        f"the cluster was made in {clone}, and works only there: move the clone back, or remove "
        f"{CLUSTER}"
    )


def may_make_machines() -> bool:
    """Tells if the nodes can have machines. Those that share this one's address keep it."""
    made = _made_in()
    return (made is None or made[1] != Machine().address) and can_be_made()


def _up_in_containers() -> int:
    if not PASSWORDS.exists() and (volumes := containers.volumes()):
        return fail(
            f"{PASSWORDS} is gone, so the volumes cannot be used: docker volume rm {volumes}"
        )
    if not shutil.which("openssl"):
        return fail("there is no openssl: apt-get install openssl")
    make_cluster_folder()
    nodes, passwords = containers.nodes(), _passwords()
    containers.up(passwords, AUTHORITY)
    if not wait_until(lambda: is_healthy(nodes), UP_MAX_S):
        print(containers.log_ends(), file=sys.stderr)
        return fail(NOT_HEALTHY)
    containers.make_database()
    return _show_address(nodes)


def _up_here() -> int:
    for program, package in PROGRAMS.items():
        if not shutil.which(program):
            return fail(f"there is no {program}: apt-get install {package}")
    RUNIT.stop()
    make_cluster_folder()
    entered = subprocess.run([*become(postgres.USER), "test", "-x", TOP], cwd="/", check=False)
    if entered.returncode:
        return fail(
            f"the user {postgres.user()} may not enter {TOP}: move the clone to another folder"
        )
    # Instances that still run there find the nodes again.
    if not our_machines().are_used() and may_make_machines():
        our_machines().make()
    nodes, passwords = _nodes(), _passwords()
    remove_unfinished(nodes)
    for node in nodes:
        node.write(nodes, passwords, AUTHORITY.issue(node.name, node.machine.address))
    RUNIT.write(parts_of(nodes, nodes))
    RUNIT.start()
    return _finish(nodes)


def remove_unfinished(nodes: Sequence[Node]) -> None:
    """Removes the nodes of a first start that was killed: Patroni cannot continue it, and they
    have no ledger yet."""
    if not any(node.folder.exists() for node in nodes):
        UNFINISHED.touch()
    elif UNFINISHED.exists():
        for node in nodes:
            shutil.rmtree(node.folder, ignore_errors=True)


def _finish(nodes: Sequence[Node]) -> int:
    """Waits for the nodes, and makes the database."""
    if not wait_until(lambda: is_healthy(nodes), UP_MAX_S):
        for path in RUNIT.log_files():
            print(f"{path}:", *path.read_text().splitlines()[-20:], sep="\n  ", file=sys.stderr)
        down()
        return fail(NOT_HEALTHY)
    make_database(_primary_of(nodes), _passwords()[ROLE])
    UNFINISHED.unlink(missing_ok=True)
    return _show_address(nodes)


def _show_address(nodes: Sequence[Node]) -> int:
    address = address_of(nodes, PASSFILE)
    print("a cluster of three nodes is up; move a ledger there, then add the last line to .env:")
    print(f"  .venv/bin/python -m rinha move var/rinha.db '{address}'")
    print(f"RINHA_LEDGER={address}")
    return 0


def status() -> int:
    if RUNIT.supervisor():
        nodes = _nodes()
    elif containers.are_up():
        nodes = containers.nodes()
    else:
        print(NOT_UP)
        return 3
    for member in members(nodes):
        lag = member.get("lag")
        behind = f"{lag:,} bytes behind" if isinstance(lag, int) else ""
        where = f"{member.get('host')}:{member.get('port')}"
        name, role, state = (member[field] for field in ("name", "role", "state"))
        print(f"{name:8} {role:14} {state:12} {where:24} {behind}".rstrip())
    healthy = is_healthy(nodes)
    roles = "a primary, a synchronous standby and another standby"
    print(f"healthy: {roles}" if healthy else f"NOT healthy, which takes {roles}")
    print(f"RINHA_LEDGER={address_of(nodes, PASSFILE)}")
    return 0 if healthy else 1


def down() -> int:
    if containers.are_up():
        containers.down()
        print(f"the cluster is down; its data stays in the volumes {containers.volumes()}")
        return 0
    was_up = RUNIT.supervisor() or RUNIT.folder.exists()
    if was_up:
        RUNIT.stop()
    if our_machines().are_there() and not our_machines().are_used():
        our_machines().unmake()
    print(f"the cluster is down; its data stays in {CLUSTER}" if was_up else NOT_UP)
    return 0


def _nodes() -> list[Node]:
    machines: Sequence[Machine] = [Machine()]
    if our_machines().are_there():
        machines = our_machines().some(NODES_ON)
    return make_nodes(FIRST_PORT, TOP, machines)


def _passwords() -> dict[str, str]:
    """Returns the passwords: made once, in files that only their owner may read.

    An instance needs only the passfile, which has no password but its own.
    """
    if not PASSWORDS.exists():
        passwords = new_passwords()
        AUTHORITY.make()
        write_secret(PASSFILE, f"*:*:*:{ROLE}:{passwords[ROLE]}\n")
        write_secret(PASSWORDS, json.dumps(passwords))
    found: dict[str, str] = json.loads(PASSWORDS.read_text())
    return found


def _primary_of(nodes: Sequence[Node]) -> Node:
    node = primary(nodes)
    if node is None:
        raise OSError("the cluster has lost its primary again: `make cluster-status`")
    return node


# One at a time: a second start would remove the machines of the first.
ALONE = ("up", "down")
COMMANDS = {"up": up, "status": status, "down": down}

if __name__ == "__main__":
    sys.exit(main())
