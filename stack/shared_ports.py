"""Finds ports on which another program listens beside our nginx.

nginx shares its ports with other programs of the same user (`reuseport`), so that its successor
can listen beside it. Two stacks that start at the same time would share one too: each finds the
port free, and the kernel would spread the requests of a client over two ledgers.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from rinha.settings import Settings
from stack.part import wait_until

# The state of a listening socket in the kernel's table.
LISTENS = "0A"
# nginx listens within milliseconds, on a busy machine within a second.
LISTENS_MAX_S = 10.0


class Listener(NamedTuple):
    # As in the kernel's table: digits of base 16.
    address: str
    port: int
    inode: str

    def competes(self, other: "Listener") -> bool:
        """Tells if both would accept a connection: a zero address is every one of its family."""
        is_every = not int(self.address, 16) * int(other.address, 16)
        is_same_family = len(self.address) == len(other.address)
        is_address_shared = self.address == other.address or (is_same_family and is_every)
        return self.port == other.port and is_address_shared


def names(settings: Settings, folder: Path) -> list[str]:
    """Returns the settings whose port is shared; `folder` is where our nginx runs.

    Before that it waits for our nginx: the answer that `make up` got may be another one's.
    """
    ports = {settings.port: "PORT", settings.ops_port: "OPS_PORT"}
    ours: list[Listener] = []
    others: list[Listener] = []

    def is_complete() -> bool:
        sockets, found = _sockets_in(folder), [one for one in _listeners() if one.port in ports]
        ours[:] = [one for one in found if one.inode in sockets]
        others[:] = [one for one in found if one.inode not in sockets]
        return not others or {one.port for one in ours} == ports.keys() - {None}

    wait_until(is_complete, LISTENS_MAX_S)
    lacking = ports.keys() - {one.port for one in ours}
    return sorted(
        {ports[one.port] for one in others if one.port in lacking or any(map(one.competes, ours))}
    )


def _listeners() -> Iterator[Listener]:
    for table in ("tcp", "tcp6"):
        # A kernel without IPv6 has no tcp6.
        with suppress(OSError):
            for line in Path("/proc/self/net", table).read_text().splitlines()[1:]:
                fields = line.split()
                address, _, port = fields[1].rpartition(":")
                if fields[3] == LISTENS:
                    yield Listener(address, int(port, 16), fields[9])


def _sockets_in(folder: Path) -> set[str]:
    """Returns the inodes of the sockets of all processes that run in the folder."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "cwd").readlink() != folder.resolve():
                continue
            for fd in (process / "fd").iterdir():
                with suppress(OSError):
                    kind, _, inode = str(fd.readlink()).partition(":")
                    found |= {inode.strip("[]")} if kind == "socket" else set()
    return found
