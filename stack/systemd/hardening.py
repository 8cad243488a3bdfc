"""Hardening of each unit: the rights that systemd takes away, and those that a unit needs back."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from stack.part import Part
from stack.systemd.quoting import quoted

# The folder of the ledger. systemd makes it for the account alone.
STATE = Path("/var/lib/rinha")
# systemd empties these for the units. Files in them are bound one by one.
HOMES = (Path("/home"), Path("/root"), Path("/run/user"))
# PrivateTmp gives each unit folders of its own in place of these.
PRIVATE = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108 - nothing is written there
# Only a process with this capability may listen on a port below 1024.
FREE_PORTS_FROM = 1024
LOW_PORT = "CAP_NET_BIND_SERVICE"

# `systemd-analyze security` rates what is missing here.
FOR_ALL = """\
UMask=0077
NoNewPrivileges=yes
ProtectSystem=strict
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
PrivateDevices=yes
PrivateIPC=yes
PrivateTmp=yes
DevicePolicy=closed
KeyringMode=private
LockPersonality=yes
MemoryDenyWriteExecute=yes
RemoveIPC=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
LimitCORE=0
"""


def hardening(part: Part, programs: Sequence[Path]) -> Iterator[str]:
    """Yields the lines of a part's unit that confine it."""
    yield from FOR_ALL.splitlines()
    yield from _network(part)
    yield from _files(programs, [path for path in part.writes if path != STATE])


def _network(part: Part) -> Iterator[str]:
    capabilities = LOW_PORT if any(port < FREE_PORTS_FROM for port in part.ports) else ""
    yield f"CapabilityBoundingSet={capabilities}"
    yield f"AmbientCapabilities={capabilities}"
    if not capabilities:
        # A capability of a user namespace opens no port of the machine.
        yield "PrivateUsers=yes"
    if part.uses_network:
        yield "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6"
    else:
        yield "RestrictAddressFamilies=AF_UNIX"
        yield "PrivateNetwork=yes"
        yield "IPAddressDeny=any"


def _files(read: Sequence[Path], written: Sequence[Path]) -> Iterator[str]:
    in_homes = [path for path in (*read, *written) if is_in_a_home(path)]
    yield f"ProtectHome={'tmpfs' if in_homes else 'yes'}"
    for path in read:
        if is_in_a_home(path):
            yield f"BindReadOnlyPaths={quoted(str(path))}"
    for path in written:
        name = "BindPaths" if is_in_a_home(path) else "ReadWritePaths"
        yield f"{name}={quoted(str(path))}"


def is_in_a_home(path: Path) -> bool:
    return any(path.is_relative_to(home) for home in HOMES)
