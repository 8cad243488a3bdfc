"""Replication by Litestream, with limits on its CPU and memory, and a watchdog.

`replicate` replaces this process by Litestream, which starts the watchdog as its child. So a
supervisor sees Litestream itself start and end, and the watchdog ends with it.
"""

import json
import os
import resource
import shlex
import shutil
import sys
from pathlib import Path

from rinha.errors import ReplicaError
from rinha.replica import litestream
from rinha.replica.limits import (
    L0_RETENTION_S,
    LAST_SYNC_S,
    MEMORY_MAX_BYTES,
    MEMORY_SOFT_MAX,
    NICENESS,
    SNAPSHOT_RETENTION_DAYS,
    SYNC_S,
    UNSENT_MAX_BYTES,
)
from rinha.sqlite.checkpoint import take_over_checkpoints
from rinha.sqlite.entry import enter_for_another
from rinha.sqlite.schema import Schema

# Longest path that the kernel accepts for a Unix socket.
SOCKET_MAX_BYTES = 107
# Variable with Litestream's pid for the watchdog: at its start its parent may be dead already.
LITESTREAM_PID = "RINHA_LITESTREAM_PID"


def state_folder_of(ledger: Path) -> Path:
    """Returns the folder of Litestream's state: what it has sent, and what it has yet to send."""
    return ledger.with_name(f".{ledger.name}-litestream")


def socket_of(ledger: Path) -> Path:
    return ledger.with_name(f"{ledger.name}.replica.sock")


def replicate(ledger: Path, schema: Schema, replica: str, watchdog: list[str]) -> None:
    """Replaces this process by Litestream; does not return."""
    if not replica:
        raise ReplicaError("RINHA_REPLICA is not set: it names the replica's place")
    program = litestream.program()
    litestream.assert_sqlite_is_sound(program)
    if len(os.fsencode(socket_of(ledger))) > SOCKET_MAX_BYTES:
        raise ReplicaError(f"{ledger}: this path is too long for the socket beside it")
    socket_of(ledger).unlink(missing_ok=True)
    # Litestream inherits the descriptors, and holds their locks until it ends.
    locks = [*enter_for_another(ledger, schema).descriptors, take_over_checkpoints(ledger)]
    for fd in locks:
        os.set_inheritable(fd, True)
    if unsent_bytes(ledger) > UNSENT_MAX_BYTES:
        shutil.rmtree(state_folder_of(ledger), ignore_errors=True)
    config = ledger.with_name(f"{ledger.name}.replica.yml")
    # JSON is YAML.
    config.write_text(json.dumps(_config(ledger, replica)))
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_MAX_BYTES,) * 2)
    # One core at most; the soft memory limit makes Go collect garbage early.
    limits = {"GOMAXPROCS": "1", "GOMEMLIMIT": MEMORY_SOFT_MAX}
    environment = litestream.environment() | limits | {LITESTREAM_PID: str(os.getpid())}
    args = [program, "replicate", "-config", str(config), "-no-expand-env"]
    command = shlex.join([sys.executable, "-m", "rinha", *watchdog])
    os.execve(program, [*args, "-exec", command], environment)  # noqa: S606


def _config(ledger: Path, replica: str) -> dict[str, object]:
    return {
        "socket": {"enabled": True, "path": str(socket_of(ledger)), "permissions": 0o600},
        "logging": {"level": "warn", "type": "json", "stderr": True},
        "shutdown-sync-timeout": f"{LAST_SYNC_S:g}s",
        "l0-retention": f"{L0_RETENTION_S:g}s",
        "snapshot": {"interval": "24h", "retention": f"{SNAPSHOT_RETENTION_DAYS * 24}h"},
        "dbs": [
            {
                "path": str(ledger.resolve()),
                "monitor-interval": f"{SYNC_S:g}s",
                "replica": {
                    **litestream.place_of(replica),
                    "sync-interval": f"{SYNC_S:g}s",
                },
            }
        ],
    }


def unsent_bytes(ledger: Path) -> int:
    """Returns how much larger Litestream's folder beside the ledger is than the ledger."""
    found = 0
    for folder, _, names in os.walk(state_folder_of(ledger)):
        for name in names:
            try:
                found += Path(folder, name).stat().st_size
            except FileNotFoundError:
                continue
    return found - ledger.stat().st_size if ledger.exists() else found
