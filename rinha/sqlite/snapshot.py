"""Snapshots: consistent copies of a file that any sqlite3 can open."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from rinha.errors import SnapshotError
from rinha.sqlite.entry import LOGS
from rinha.sqlite.extra_tables import drop_tables_of_tools
from rinha.sqlite.limits import SECOND_OVER_CHECK_S


def write_snapshot(connection: apsw.Connection, target: Path) -> None:
    """Writes a snapshot, which appears whole or not at all."""
    if target.exists():
        raise SnapshotError(f"{target}: there is a file already, it was left as it is")
    with partial_snapshot(connection, target) as partial:
        put_in_place(partial, target)


@contextmanager
def partial_snapshot(connection: apsw.Connection, target: Path) -> Iterator[Path]:
    """Yields the snapshot under another name, and removes it unless it is put in place."""
    partial = target.with_name(f"{target.name}.{os.getpid()}.partial")
    try:
        with _as_snapshot_error(target):
            partial.unlink(missing_ok=True)
            connection.execute("VACUUM INTO ?", (str(partial),))
            drop_tables_of_tools(partial)
        yield partial
    finally:
        partial.unlink(missing_ok=True)


def name_with_time(path: Path) -> Path:
    """Returns the path with the time. If a database or a log of it has that name, it waits for the
    next second."""
    while True:
        named = path.with_name(f"{path.name}.{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}")
        if not any(named.with_name(named.name + ending).exists() for ending in ("", *LOGS)):
            return named
        time.sleep(SECOND_OVER_CHECK_S)


def put_in_place(partial: Path, target: Path) -> None:
    with _as_snapshot_error(target):
        partial.rename(target)


@contextmanager
def _as_snapshot_error(target: Path) -> Iterator[None]:
    try:
        yield
    except (apsw.Error, OSError) as error:
        raise SnapshotError(f"{target}: no snapshot: {error}") from None
    except UnicodeEncodeError:
        raise SnapshotError(f"{target}: no snapshot: SQLite needs a path in UTF-8") from None
