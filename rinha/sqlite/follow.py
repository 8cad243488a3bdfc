"""Replication by Litestream, with limits on its CPU and memory, and a watcher.

`follow` replaces this process by Litestream, which starts the watcher as its child. So a supervisor
sees Litestream itself start and end, and the watcher ends with it.
"""

import json
import os
import resource
import shlex
import shutil
import sys
from pathlib import Path

from rinha.errors import ReplicaError
from rinha.sqlite import litestream
from rinha.sqlite.checkpoint import take_over_the_log
from rinha.sqlite.entry import enter
from rinha.sqlite.limits import (
    REPLICA_FINE_S,
    REPLICA_KEPT_DAYS,
    REPLICA_LAST_SYNC_S,
    REPLICA_MEMORY_MAX_BYTES,
    REPLICA_MEMORY_SOFT,
    REPLICA_NICE,
    REPLICA_SYNC_S,
    REPLICA_WAITING_MAX_BYTES,
)

# Longest path that the kernel accepts for a Unix socket.
SOCKET_MAX_BYTES = 107
# Variable with Litestream's pid for the watcher: at its start its parent may be dead already.
LITESTREAM_PID = "RINHA_LITESTREAM_PID"
# Folder of Litestream's state: what it has sent, and what it has yet to send.
WAITING = ".{name}-litestream"


def socket_of(ledger: Path) -> Path:
    return ledger.with_name(f"{ledger.name}.replica.sock")


def follow(ledger: Path, replica: str, watch: list[str]) -> None:
    """Replaces this process by Litestream; does not return."""
    if not replica:
        raise ReplicaError("RINHA_REPLICA is not set: it says where the copy is kept")
    program = litestream.program()
    litestream.assert_mended(program)
    if len(os.fsencode(socket_of(ledger))) > SOCKET_MAX_BYTES:
        raise ReplicaError(f"{ledger}: this path is too long for the socket beside it")
    socket_of(ledger).unlink(missing_ok=True)
    # Litestream inherits both descriptors, and holds their locks until it ends.
    os.set_inheritable(enter(ledger, "ledger"), True)
    os.set_inheritable(take_over_the_log(ledger), True)
    _throw_away_what_waits_too_long(ledger)
    config = ledger.with_name(f"{ledger.name}.replica.yml")
    # JSON is YAML.
    config.write_text(json.dumps(_config(ledger, replica)))
    os.nice(REPLICA_NICE)
    resource.setrlimit(resource.RLIMIT_DATA, (REPLICA_MEMORY_MAX_BYTES,) * 2)
    # One core at most; the soft memory limit makes Go collect garbage early.
    share = {"GOMAXPROCS": "1", "GOMEMLIMIT": REPLICA_MEMORY_SOFT}
    share[LITESTREAM_PID] = str(os.getpid())
    words = [program, "replicate", "-config", str(config), "-no-expand-env"]
    command = shlex.join([sys.executable, "-m", "rinha", *watch])
    os.execve(program, [*words, "-exec", command], litestream.environment() | share)  # noqa: S606


def _config(ledger: Path, replica: str) -> dict[str, object]:
    return {
        "socket": {"enabled": True, "path": str(socket_of(ledger)), "permissions": 0o600},
        "logging": {"level": "warn", "type": "json", "stderr": True},
        "shutdown-sync-timeout": f"{REPLICA_LAST_SYNC_S:g}s",
        "l0-retention": f"{REPLICA_FINE_S:g}s",
        "snapshot": {"interval": "24h", "retention": f"{REPLICA_KEPT_DAYS * 24}h"},
        "dbs": [
            {
                "path": str(ledger.resolve()),
                "monitor-interval": f"{REPLICA_SYNC_S:g}s",
                "replica": {"url": replica, "sync-interval": f"{REPLICA_SYNC_S:g}s"},
            }
        ],
    }


def _throw_away_what_waits_too_long(ledger: Path) -> None:
    waiting = ledger.with_name(WAITING.format(name=ledger.name))
    if waiting_bytes(ledger) > REPLICA_WAITING_MAX_BYTES:
        shutil.rmtree(waiting, ignore_errors=True)


def waiting_bytes(ledger: Path) -> int:
    """Returns how much larger Litestream's folder beside the ledger is than the ledger."""
    waiting = ledger.with_name(WAITING.format(name=ledger.name))
    found = 0
    for folder, _, names in os.walk(waiting):
        for name in names:
            try:
                found += Path(folder, name).stat().st_size
            except FileNotFoundError:
                continue
    return found - ledger.stat().st_size if ledger.exists() else found
