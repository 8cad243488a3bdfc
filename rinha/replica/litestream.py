"""Finds the program Litestream, checks the SQLite in it, and restores replicas with it.

Litestream reads its credentials from the environment by itself.
"""

import contextlib
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import apsw

from rinha.errors import ReplicaError, RestoreError
from rinha.replica.limits import TRANSFER_MAX_S
from rinha.sqlite.entry import can_corrupt_wal

# Offset in a database of the version of the SQLite that wrote it last.
VERSION_AT = 96
IS_EMPTY = re.compile("no matching backup|no backups? found|no snapshots?", re.IGNORECASE)
NO_SUCH_TIME = "timestamp does not exist"
FOLDER_SCHEME = "file://"


def program() -> str:
    """Returns Litestream's path: beside Python, where the set-up installs it, or else in PATH."""
    beside_python = str(Path(sys.executable).parent)
    found = shutil.which("litestream", path=beside_python) or shutil.which("litestream")
    if not found:
        raise ReplicaError("there is no program litestream: RINHA_REPLICA=... make up installs it")
    return found


def environment() -> dict[str, str]:
    """Returns this environment with SSL_CERT_FILE, which Go reads, in place of AWS_CA_BUNDLE.
    Litestream's S3 client fails if that one is set."""
    found = dict(os.environ)
    bundle = found.pop("AWS_CA_BUNDLE", None)
    if bundle:
        found.setdefault("SSL_CERT_FILE", bundle)
    return found


def assert_sqlite_is_sound(litestream: str) -> None:
    """Refuses a Litestream whose SQLite can corrupt a file that others write to.

    Litestream's version does not tell which SQLite it contains. So it replicates and restores a
    scratch file, whose header has SQLite's version."""
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "x.db"
        connection = apsw.Connection(str(file))
        connection.pragma("journal_mode", "WAL")
        connection.close()
        for args in (
            ("replicate", "-once", str(file), f"file://{name}/replica"),
            ("restore", "-o", f"{name}/y.db", f"file://{name}/replica"),
        ):
            done = _run(litestream, *args)
            if done.returncode:
                raise ReplicaError(f"{litestream} does not work: {_error_of(done)}")
        content = Path(name, "y.db").read_bytes()
    (number,) = struct.unpack_from(">I", content, VERSION_AT)
    version = (number // 1_000_000, number // 1000 % 1000, number % 1000)
    if can_corrupt_wal(version):
        raise ReplicaError(
            f"{litestream} contains SQLite {'.'.join(map(str, version))}, which can corrupt a file "
            "with other writers: install Litestream 0.5.16 or newer"
        )


def assert_nothing_to_restore(ledger: Path, replica: str) -> None:
    """Refuses a missing or empty ledger while the replica holds one: a new ledger would replace the
    replica's content."""
    if not (ledger.exists() and ledger.stat().st_size) and newest(replica):
        raise ReplicaError(
            f"{ledger} is missing or empty, but {replica} is a replica of a ledger: restore it "
            "with `make restore FROM=replica`, or set another RINHA_REPLICA for a new ledger"
        )


def place_of(replica: str) -> dict[str, str]:
    """Returns the place of the replica for Litestream's configuration: a folder by its path. Of a
    URL Litestream would take /my%20disk for /my disk, a folder on another disk."""
    if replica.startswith(FOLDER_SCHEME):
        return {"type": "file", "path": replica.removeprefix(FOLDER_SCHEME)}
    return {"url": replica}


@contextlib.contextmanager
def _named(replica: str) -> Iterator[list[str]]:
    """Yields the last arguments of a restore, which name the replica."""
    place = place_of(replica)
    if "url" in place:
        yield [replica]
        return
    with tempfile.TemporaryDirectory() as name:
        ledger, config = f"{name}/x.db", Path(name) / "config.yml"
        # JSON is YAML.
        config.write_text(json.dumps({"dbs": [{"path": ledger, "replica": place}]}))
        yield ["-config", str(config), "-no-expand-env", ledger]


def newest(replica: str) -> datetime | None:
    """Returns the time of the last write to the replica, or None if it is empty."""
    with tempfile.TemporaryDirectory() as name, _named(replica) as named:
        args = ["restore", "-dry-run", "-json", "-o", f"{name}/x.db", *named]
        done = _run(program(), *args)
    if done.returncode == 0:
        return datetime.fromisoformat(json.loads(done.stdout)["files"][-1]["timestamp"])
    if IS_EMPTY.search(done.stderr):
        return None
    raise ReplicaError(f"{replica}: cannot be read: {_error_of(done)}")


def restore(replica: str, target: Path, at: datetime | None = None) -> None:
    """Restores the latest state, or the last one that Litestream has before a time."""
    args = ["restore", "-o", str(target)]
    if at is not None:
        args += ["-timestamp", at.isoformat(timespec="microseconds")]
    with _named(replica) as named:
        done = _run(program(), *args, *named)
    if done.returncode == 0:
        return
    is_empty = IS_EMPTY.search(done.stderr)
    # Of a folder Litestream says the second of a time before its first state.
    if at is not None and (NO_SUCH_TIME in done.stderr or is_empty):
        last = newest(replica)
        if last is None or at < last:
            raise RestoreError(f"{replica}: has no state of {at:%Y-%m-%d %H:%M:%S} UTC or before")
        restore(replica, target)
    elif is_empty:
        raise RestoreError(f"{replica}: is empty, there is no ledger to restore")
    else:
        raise RestoreError(f"{replica}: cannot be restored: {_error_of(done)}")


def _run(litestream: str, *args: str) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(
            [litestream, *args],
            capture_output=True,
            text=True,
            check=False,
            timeout=TRANSFER_MAX_S,
            env=environment(),
        )
    except subprocess.TimeoutExpired:
        raise ReplicaError(f"litestream {args[0]} did not end in {TRANSFER_MAX_S:g} s") from None
    except OSError as error:
        raise ReplicaError(f"{litestream}: {error.strerror}") from None


def _error_of(done: "subprocess.CompletedProcess[str]") -> str:
    lines = (done.stderr or done.stdout).strip().splitlines() or [f"exit code {done.returncode}"]
    return lines[-1].removeprefix("Error: ")
