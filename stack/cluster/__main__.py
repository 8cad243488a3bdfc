"""A PostgreSQL cluster on this machine: up, status or down.

MODE=docker puts each node into a container. Otherwise runit watches the nodes. If root may make
network namespaces, each node has a simulated machine (stack/machines.py), and the instances have
two more. Otherwise all nodes share this machine.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence

from stack import postgres
from stack.cluster import containers, watch
from stack.cluster.certificates import Authority
from stack.cluster.limits import DOWN_MAX_S, FIRST_PORT, LOOK_AGAIN_S, UP_MAX_S
from stack.cluster.nodes import (
    ROLE,
    Node,
    address_of,
    make_nodes,
    new_passwords,
    write_secret,
)
from stack.cluster.runit import Services
from stack.launch import ROOT
from stack.machines import NODES_ON, Machine, can_be_made, our_machines
from stack.owner_only import close_umask, let_through
from stack.services import CLUSTER

TOP = ROOT / CLUSTER
PASSFILE = TOP / "passfile"
PASSWORDS = TOP / "passwords.json"
AUTHORITY = Authority(TOP / "authority")
SERVICES = Services(CLUSTER)
PROGRAMS = {
    "patroni": "patroni",
    "etcd": "etcd-server",
    "runsvdir": "runit",
    "openssl": "openssl",
}


def main() -> int:
    os.chdir(ROOT)
    close_umask()
    commands = {"up": up, "status": status, "down": down}
    try:
        return commands[sys.argv[1]]()
    except (OSError, postgres.MissingError) as error:
        return _fail(str(error))


def up() -> int:
    if SERVICES.supervisor():
        print("the cluster is up already")
        return status()
    if PASSWORDS.exists() and not AUTHORITY.is_there():
        return _fail(
            f"the cluster in {CLUSTER} is from before its etcd asked for certificates: with the "
            f"version that made it, `rinha move` the ledger to a file, then remove {CLUSTER}"
        )
    in_containers = os.environ.get("MODE") == "docker" or containers.are_up()
    return _up_in_containers() if in_containers else _up_here()


def _up_in_containers() -> int:
    if not PASSWORDS.exists() and (kept := containers.volumes()):
        return _fail(f"{PASSWORDS} is gone, and what it opens is left: docker volume rm {kept}")
    if not shutil.which("openssl"):
        return _fail("there is no openssl: apt-get install openssl")
    let_through()
    nodes, passwords = containers.nodes(), _passwords()
    containers.up(passwords, AUTHORITY)
    if not _wait_until_whole(nodes):
        print(containers.last_words(), file=sys.stderr)
        return _fail(f"the cluster was not whole within {UP_MAX_S:g} s; its last words are above")
    containers.make_database()
    return _tell(nodes)


def _up_here() -> int:
    for program, package in PROGRAMS.items():
        if not shutil.which(program):
            return _fail(f"there is no {program}: apt-get install {package}")
    SERVICES.end(DOWN_MAX_S, "patroni*", "etcd*")
    let_through()
    reached = subprocess.run([*postgres.as_user(), "test", "-x", TOP], cwd="/", check=False)
    if reached.returncode:
        return _fail(
            f"the user {postgres.user()} may not look into {TOP}: put the checkout elsewhere"
        )
    if can_be_made():
        our_machines().make()
    nodes, passwords = _nodes(), _passwords()
    for node in nodes:
        node.write(nodes, passwords, AUTHORITY.issue(node.name, node.machine.address))
        SERVICES.write(f"etcd-{node.name}", node.etcd(nodes))
        SERVICES.write(f"patroni-{node.name}", node.patroni())
    SERVICES.start()
    if not _wait_until_whole(nodes):
        for path in SERVICES.log_files():
            print(f"{path}:", *path.read_text().splitlines()[-20:], sep="\n  ", file=sys.stderr)
        down()
        return _fail(f"the cluster was not whole within {UP_MAX_S:g} s; its last words are above")
    watch.make_database(_primary_of(nodes), passwords[ROLE])
    return _tell(nodes)


def _tell(nodes: Sequence[Node]) -> int:
    address = address_of(nodes, PASSFILE)
    print("a cluster of three is up; to take a ledger there, and then for .env:")
    print(f"  .venv/bin/python -m rinha move var/rinha.db '{address}'")
    print(f"RINHA_LEDGER={address}")
    return 0


def status() -> int:
    if SERVICES.supervisor():
        nodes = _nodes()
    elif containers.are_up():
        nodes = containers.nodes()
    else:
        print("the cluster is not up")
        return 3
    for member in watch.members(nodes):
        lag = member.get("lag")
        behind = f"{lag:,} bytes behind" if isinstance(lag, int) else ""
        where = f"{member.get('host')}:{member.get('port')}"
        words = (member["name"], member["role"], member["state"], where, behind)
        print(f"{words[0]:8} {words[1]:14} {words[2]:12} {words[3]:24} {words[4]}".rstrip())
    is_whole = watch.is_whole(nodes)
    print("whole: a primary, a standby that confirms, and another" if is_whole else "NOT whole")
    print(f"RINHA_LEDGER={address_of(nodes, PASSFILE)}")
    return 0 if is_whole else 1


def down() -> int:
    if containers.are_up():
        containers.down()
        print(f"the cluster is down; what it keeps stays in the volumes {containers.volumes()}")
        return 0
    if not SERVICES.supervisor() and not SERVICES.folder.exists():
        print("the cluster is not up")
        return 0
    # etcd stops last: a Patroni that stops releases its leader lock there.
    SERVICES.end(DOWN_MAX_S, "patroni*", "etcd*")
    if our_machines().are_there():
        our_machines().unmake()
    print(f"the cluster is down; what it keeps stays in {CLUSTER}")
    return 0


def _nodes() -> list[Node]:
    machines: Sequence[Machine] = [Machine()]
    if our_machines().are_there():
        machines = our_machines().some(NODES_ON)
    return make_nodes(FIRST_PORT, TOP, machines)


def _passwords() -> dict[str, str]:
    """Returns the passwords, which it makes once and keeps in files for their owner alone.

    An instance needs only the passfile, which has no password but its own.
    """
    if not PASSWORDS.exists():
        passwords = new_passwords()
        AUTHORITY.make()
        write_secret(PASSFILE, f"*:*:*:{ROLE}:{passwords[ROLE]}\n")
        write_secret(PASSWORDS, json.dumps(passwords))
    found: dict[str, str] = json.loads(PASSWORDS.read_text())
    return found


def _wait_until_whole(nodes: Sequence[Node]) -> bool:
    deadline = time.monotonic() + UP_MAX_S
    while time.monotonic() < deadline:
        if watch.is_whole(nodes):
            return True
        time.sleep(LOOK_AGAIN_S)
    return False


def _primary_of(nodes: Sequence[Node]) -> Node:
    node = watch.primary(nodes)
    if node is None:
        raise OSError("the cluster has lost its primary again: `make cluster-status`")
    return node


def _fail(reason: str) -> int:
    print(f"rinha: {reason}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
