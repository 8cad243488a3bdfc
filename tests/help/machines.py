"""Machines as far as the network knows: namespaces with an address each, on a bridge of ours."""

import contextlib
import os
import subprocess
from collections.abc import Iterator

from stack.cluster.nodes import Machine


def ip(words: str, *, check: bool = True) -> None:
    subprocess.run(["ip", *words.split()], check=check, capture_output=not check)


@contextlib.contextmanager
def machines(count: int) -> Iterator[list[Machine]]:
    """Only root can make them. This machine reaches each of them, and they each other."""
    # Names of the kernel have 15 characters.
    tag = f"r{os.getpid() % 1_000_000}"
    third = os.getpid() % 200
    names = [f"{tag}m{number}" for number in range(1, count + 1)]
    made = []
    try:
        ip(f"link add {tag}b type bridge")
        ip(f"addr add 10.{third}.213.254/24 dev {tag}b")
        ip(f"link set {tag}b up")
        for number, name in enumerate(names, 1):
            address = f"10.{third}.213.{number}"
            ip(f"netns add {name}")
            ip(f"link add {name}h type veth peer name eth0 netns {name}")
            ip(f"link set {name}h master {tag}b up")
            enter = ("ip", "netns", "exec", name)
            ip(f"-n {name} addr add {address}/24 dev eth0")
            ip(f"-n {name} link set eth0 up")
            ip(f"-n {name} link set lo up")
            made.append(Machine(address, enter))
        yield made
    finally:
        for name in names:
            ip(f"netns del {name}", check=False)
            ip(f"link del {name}h", check=False)
        ip(f"link del {tag}b", check=False)
