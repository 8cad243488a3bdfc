"""Finds the processes behind a local port: the listeners and their siblings."""

import ipaddress
import os
import socket
from collections import defaultdict
from contextlib import suppress

from loadtest.measure.target.containers import PROC, container_siblings

LISTENING = "0A"
_INIT = 1


def is_local(host: str) -> bool:
    """Returns whether a host name means this machine."""
    try:
        address = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0]
    except OSError:
        return host == "localhost"
    if ipaddress.ip_address(address).is_loopback:
        return True
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        try:
            own.bind((str(address), 0))
        except OSError:
            return False
    return True


def target_processes(port: int) -> list[int]:
    """Returns the process trees of a port's listeners, or all processes of their containers."""
    parents = _parents()
    own_line = set(_line_up(os.getpid(), parents))
    found: set[int] = set()
    children = defaultdict(list)
    for pid, parent in parents.items():
        children[parent].append(pid)
    listeners = _listeners(port)
    contained = container_siblings(listeners)
    if contained:
        return contained
    for listener in listeners:
        top = listener
        for ancestor in _line_up(listener, parents):
            if ancestor in own_line or ancestor <= _INIT:
                break
            top = ancestor
        waiting = [top]
        while waiting:
            pid = waiting.pop()
            if pid not in found and pid not in own_line:
                found.add(pid)
                waiting += children[pid]
    return sorted(found)


def _listeners(port: int) -> list[int]:
    inodes = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    found = []
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            with suppress(OSError):  # another user's, or gone by now
                links = (str(link.readlink()) for link in (entry / "fd").iterdir())
                if not inodes.isdisjoint(links):
                    found.append(int(entry.name))
    return found


def _listening_inodes(port: int) -> set[str]:
    inodes = set()
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in (PROC / "net" / table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                    inodes.add(fields[9])
    return inodes


def _parents() -> dict[int, int]:
    parents = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            with suppress(OSError, ValueError):
                stat = (entry / "stat").read_text(errors="replace")
                parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    return parents


def _line_up(pid: int, parents: dict[int, int]) -> list[int]:
    line = []
    while pid:
        line.append(pid)
        pid = parents.get(pid, 0)
    return line
