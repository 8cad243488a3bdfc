"""Simulated machines: network namespaces, each with an address, on one bridge."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from typing import NamedTuple
from zlib import crc32

from stack.paths import ROOT

# The machines of `make cluster`: one for each node, and two that the instances share.
NODES_ON = ("db1", "db2", "db3")
INSTANCES_ON = ("app1", "app2")


class Machine(NamedTuple):
    """A machine: its address, and the prefix of a command that runs there."""

    address: str = "127.0.0.1"
    enter: tuple[str, ...] = ()


class Machines:
    """Machines that reach each other and that this one reaches. Only root can make them."""

    def __init__(self, owner: object, names: Sequence[str]) -> None:
        """Derives names and addresses from the owner: those of two owners rarely collide."""
        number = crc32(str(owner).encode())
        # The kernel limits an interface's name to 15 characters.
        tag = f"r{number % 1_000_000:06}"
        # 198.18.0.0/15 is reserved for tests, and is not routed.
        self._network = f"198.18.{number % 256}"
        # It has a namespace of its own: this machine's firewall does not filter there.
        self._bridge = f"{tag}b"
        self._machines = {
            name: Machine(f"{self._network}.{place}", ("ip", "netns", "exec", f"{tag}{name}"))
            for place, name in enumerate(names, start=1)
        }

    def some(self, names: Sequence[str]) -> list[Machine]:
        return [self._machines[name] for name in names]

    def are_there(self) -> bool:
        if not shutil.which("ip"):
            return False
        found = {line.split()[0] for line in _ip("netns list").splitlines() if line}
        return found.issuperset(machine.enter[-1] for machine in self._machines.values())

    def are_used(self) -> bool:
        """Tells if a process runs on one of them. It would lose its network with the machine."""
        return self.are_there() and any(
            _ip(f"netns pids {machine.enter[-1]}") for machine in self._machines.values()
        )

    def make(self) -> list[Machine]:
        self.unmake()
        bridge = self._bridge
        _ip(f"netns add {bridge}")
        _ip(f"-n {bridge} link add bridge type bridge")
        _ip(f"-n {bridge} link set bridge up")
        self._plug_in(f"link add {bridge} type veth", bridge)
        _ip(f"addr add {self._network}.254/24 dev {bridge}")
        _ip(f"link set {bridge} up")
        for machine in self._machines.values():
            name = machine.enter[-1]
            _ip(f"netns add {name}")
            self._plug_in(f"-n {name} link add eth0 type veth", name)
            _ip(f"-n {name} addr add {machine.address}/24 dev eth0")
            _ip(f"-n {name} link set eth0 up")
            _ip(f"-n {name} link set lo up")
        return [*self._machines.values()]

    def _plug_in(self, link: str, name: str) -> None:
        _ip(f"{link} peer name {name} netns {self._bridge}")
        _ip(f"-n {self._bridge} link set {name} master bridge up")

    def unmake(self) -> None:
        for name in (self._bridge, *(machine.enter[-1] for machine in self._machines.values())):
            # A process that still runs in a namespace keeps it alive, but without a network.
            _ip(f"-n {name} link del eth0", check=False)
            _ip(f"netns del {name}", check=False)
        _ip(f"link del {self._bridge}", check=False)


def our_machines() -> Machines:
    """Returns the machines of this checkout."""
    return Machines(ROOT, (*NODES_ON, *INSTANCES_ON))


def can_be_made() -> bool:
    """Tells if this process may make machines: some containers forbid it even to root."""
    if os.geteuid() != 0:
        return False
    try:
        trial = Machines(f"trial {os.getpid()}", ["t"])
        trial.make()
        trial.unmake()
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _ip(arguments: str, *, check: bool = True) -> str:
    command = ["ip", *arguments.split()]
    return subprocess.run(command, check=check, capture_output=True, text=True).stdout
