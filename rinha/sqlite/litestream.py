"""Finds the program Litestream, checks the SQLite in it, and restores replicas with it.

Litestream reads its credentials from the environment by itself.
"""

import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path

import apsw

from rinha.errors import ReplicaError, RestoreError
from rinha.sqlite.entry import can_corrupt_wal
from rinha.sqlite.limits import REPLICA_TRANSFER_MAX_S

# Offset in a database of the version of the SQLite that wrote it last.
WRITER_AT = 96
NOTHING_THERE = re.compile("no matching backup|no backups? found|no snapshots?", re.IGNORECASE)
NOT_THEN = "timestamp does not exist"


def program() -> str:
    """Returns Litestream's path: beside Python, where the set-up installs it, or else in PATH."""
    beside_python = str(Path(sys.executable).parent)
    found = shutil.which("litestream", path=beside_python) or shutil.which("litestream")
    if not found:
        raise ReplicaError("there is no litestream: RINHA_REPLICA=... make up installs it")
    return found


def environment() -> dict[str, str]:
    """Returns this environment with SSL_CERT_FILE, which Go reads, in place of AWS_CA_BUNDLE.
    Litestream's S3 client fails if that one is set."""
    found = dict(os.environ)
    bundle = found.pop("AWS_CA_BUNDLE", None)
    if bundle:
        found.setdefault("SSL_CERT_FILE", bundle)
    return found


def assert_mended(litestream: str) -> None:
    """Refuses a Litestream whose SQLite can corrupt a file that others write to.

    Litestream's version does not tell which SQLite it contains. So it replicates and restores a
    scratch file, whose header has SQLite's version."""
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "x.db"
        connection = apsw.Connection(str(file))
        connection.pragma("journal_mode", "WAL")
        connection.close()
        _run(litestream, "replicate", "-once", str(file), f"file://{name}/copy")
        _run(litestream, "restore", "-o", f"{name}/back.db", f"file://{name}/copy")
        content = Path(name, "back.db").read_bytes()
    (number,) = struct.unpack_from(">I", content, WRITER_AT)
    version = (number // 1_000_000, number // 1000 % 1000, number % 1000)
    if can_corrupt_wal(version):
        raise ReplicaError(
            f"{litestream} carries SQLite {'.'.join(map(str, version))}, which can corrupt a file "
            "that others write to: take Litestream 0.5.16 or newer"
        )


def assert_nothing_to_bring_back(ledger: Path, replica: str) -> None:
    """Refuses a missing or empty ledger while the replica holds one: a new ledger would replace the
    replica's content."""
    if not (ledger.exists() and ledger.stat().st_size) and newest(replica):
        raise ReplicaError(
            f"{ledger} is missing or empty, but {replica} holds a copy: "
            "`make restore FROM=replica` brings it back, another RINHA_REPLICA begins anew"
        )


def newest(replica: str) -> datetime | None:
    """Returns the time of the last write to the replica, or None if it is empty."""
    with tempfile.TemporaryDirectory() as name:
        words = ["restore", "-dry-run", "-json", "-o", f"{name}/x.db", replica]
        done = _ask(program(), *words)
    if done.returncode == 0:
        return datetime.fromisoformat(json.loads(done.stdout)["files"][-1]["timestamp"])
    if NOTHING_THERE.search(done.stderr):
        return None
    raise ReplicaError(f"{replica}: cannot be looked into: {_reason(done)}")


def bring_back(replica: str, target: Path, at: datetime | None = None) -> None:
    """Restores the latest state, or the last one that Litestream has before a time."""
    words = ["restore", "-o", str(target)]
    if at is not None:
        words += ["-timestamp", at.isoformat(timespec="microseconds")]
    done = _ask(program(), *words, replica)
    if done.returncode == 0:
        return
    if at is not None and NOT_THEN in done.stderr:
        last = newest(replica)
        if last is None or at < last:
            raise RestoreError(f"{replica}: has nothing of before {at:%Y-%m-%d %H:%M:%S} UTC")
        bring_back(replica, target)
    elif NOTHING_THERE.search(done.stderr):
        raise RestoreError(f"{replica}: there is no copy of a ledger")
    else:
        raise RestoreError(f"{replica}: cannot be brought back: {_reason(done)}")


def _run(litestream: str, *words: str) -> None:
    done = _ask(litestream, *words)
    if done.returncode:
        raise ReplicaError(f"{litestream} does not work: {_reason(done)}")


def _ask(litestream: str, *words: str) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(
            [litestream, *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=REPLICA_TRANSFER_MAX_S,
            env=environment(),
        )
    except subprocess.TimeoutExpired:
        raise ReplicaError(f"no answer from there in {REPLICA_TRANSFER_MAX_S:g} s") from None
    except OSError as error:
        raise ReplicaError(f"{litestream}: {error.strerror}") from None


def _reason(done: "subprocess.CompletedProcess[str]") -> str:
    lines = (done.stderr or done.stdout).strip().splitlines() or ["no word from it"]
    return lines[-1].removeprefix("Error: ")
