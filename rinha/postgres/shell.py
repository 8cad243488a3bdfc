"""Runs psql and pg_dump, which read passwords from the same places as the service."""

import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from rinha.address import ServerUrl
from rinha.errors import SnapshotError, StoreUnusableError
from rinha.postgres.hosts import PRIMARY_ONLY

MISSING = "there is no {}: apt-get install postgresql-client"


def run(url: ServerUrl, statements: Sequence[str]) -> None:
    """Replaces this process by psql, without the user's ~/.psqlrc."""
    commands = [word for sql in statements for word in ("-c", sql)]
    options = ["-X", "-v", "ON_ERROR_STOP=1", *commands]
    try:
        os.execvp("psql", ["psql", *options, to_primary(url)])  # noqa: S606
    except FileNotFoundError:
        raise StoreUnusableError(MISSING.format("psql")) from None


def dump(conninfo: str, target: Path, verify: Callable[[], None]) -> None:
    """Writes a dump for pg_restore; it appears whole and verified, or not at all."""
    if target.exists():
        raise SnapshotError(f"{target}: there is a file already, it was left as it is")
    partial = target.with_name(f"{target.name}.{os.getpid()}.partial")
    command = ["pg_dump", "--format=custom", f"--file={partial}", conninfo]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SnapshotError(f"{target}: no snapshot: {' '.join(done.stderr.split())}")
        verify()
        partial.rename(target)
    except FileNotFoundError:
        raise SnapshotError(MISSING.format("pg_dump")) from None
    except OSError as error:
        raise SnapshotError(f"{target}: no snapshot: {error}") from None
    finally:
        partial.unlink(missing_ok=True)


def to_primary(url: ServerUrl) -> str:
    """Adds to the address that libpq connects to the primary only."""
    if "target_session_attrs=" in url:
        return url
    return f"{url}{'&' if '?' in url else '?'}target_session_attrs={PRIMARY_ONLY}"
