"""Ports on which a container listens, from the kernel's tables of its network."""

import ipaddress
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from loadtest.measure.target.containers import PROC, container_of
from loadtest.measure.target.processes import LISTENING

ENGINES_NAMES = "127.0.0.11"  # the engine's own name server, in every network of compose


class Listener(NamedTuple):
    """A listening socket: its address inside the container, and its port."""

    host: str
    port: int

    @property
    def is_local(self) -> bool:
        """Returns whether nobody outside the container can reach it."""
        return ipaddress.ip_address(self.host).is_loopback


def listeners(pid: int, container: str, proc: Path = PROC) -> list[Listener] | None:
    """Returns what listens in a container; None if the process is not visible here.

    It needs no program in the image. An engine in a virtual machine has other process numbers.
    """
    if not pid or container_of(pid, proc) != container:
        return None
    found = set()
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in (proc / str(pid) / "net" / table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == LISTENING:
                    found.add(_listener(fields[1]))
    return sorted(one for one in found if one.host != ENGINES_NAMES)


def _listener(text: str) -> Listener:
    """Parses `0100007F:1F90`: words in this machine's byte order, and a port."""
    words, _, port = text.partition(":")
    data = b"".join(bytes.fromhex(words[at : at + 8])[::-1] for at in range(0, len(words), 8))
    address = ipaddress.ip_address(data)
    mapped = getattr(address, "ipv4_mapped", None)
    return Listener(str(mapped or address), int(port, 16))
