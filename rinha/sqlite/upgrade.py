"""Upgrade of a file to the newest version, after a snapshot, once no older program uses it.

Until then programs of both versions work with the tables of the older one. So an older program
never meets a table that it does not know: its audit, its snapshots and its restores stay right, and
it can be started again.
"""

import fcntl
import glob
import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from shutil import disk_usage

import apsw

from rinha.errors import RinhaError, SnapshotError
from rinha.logs import log, log_event
from rinha.private import open_lock_file
from rinha.sqlite.limits import (
    UPGRADE_END_MAX_S,
    UPGRADE_SPACE_LEFT_BYTES,
    UPGRADE_TRY_EVERY_S,
)
from rinha.sqlite.lock import lock_file_of
from rinha.sqlite.schema import Schema, version_of
from rinha.sqlite.snapshot import name_with_time, partial_snapshot, put_in_place
from rinha.sqlite.users import Use

FAILED = "upgrade failed, it is tried again"
WritersWaiting = Callable[[], AbstractContextManager[object]]


def upgrade(
    connection: apsw.Connection,
    file: Path,
    schema: Schema,
    use: Use,
    writers_waiting: WritersWaiting,
) -> None:
    """Upgrades the file unless an older program uses it. Writers wait for the transaction, but not
    for the snapshot, which may take long."""
    # Each start holds the write lock too, so none finds the older locks taken for a moment.
    with writers_waiting():
        version = version_of(connection)
        if version == schema.version or not use.lock_out_older():
            return
        use.leave_older()
    name = file.with_name(f"{file.name}.version-{version}")
    with _alone(file):
        if version_of(connection) != version:
            return
        _remove_partial(name)
        _assert_space(connection, name)
        with partial_snapshot(connection, name) as snapshot, writers_waiting():
            # Meanwhile an older program may have been started.
            if version_of(connection) == version and use.lock_out_older():
                _upgrade_after(snapshot, name_with_time(name), connection, schema, use)


def _upgrade_after(
    snapshot: Path, kept: Path, connection: apsw.Connection, schema: Schema, use: Use
) -> None:
    """Upgrades the file once the snapshot has the name that it keeps. If that fails, no snapshot
    stays: each of many tries would leave one."""
    version = version_of(connection)
    try:
        put_in_place(snapshot, kept)
        schema.upgrade(connection, version)
    except BaseException:
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if version_of(connection) == version:
                kept.unlink(missing_ok=True)
        finally:
            use.leave_older()
        raise
    use.join_older()


def _alone(file: Path) -> AbstractContextManager[None]:
    """Waits until no other process makes the snapshot: one is enough, also of the free space."""
    return _locked(file.with_name(f"{file.name}.upgrade"))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Waits for the lock, for as long as it takes."""
    fd = open_lock_file(path)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def _remove_partial(name: Path) -> None:
    """Removes what killed upgrades left of their snapshots."""
    for partial in name.parent.glob(f"{glob.escape(name.name)}.*.partial*"):
        partial.unlink(missing_ok=True)


def _assert_space(connection: apsw.Connection, name: Path) -> None:
    """Refuses a snapshot that would fill the disk: requests that write need space meanwhile."""
    pages, page_bytes = (connection.pragma(each) for each in ("page_count", "page_size"))
    needed, free = pages * page_bytes + UPGRADE_SPACE_LEFT_BYTES, disk_usage(name.parent).free
    if free < needed:
        raise SnapshotError(
            f"{name}: no snapshot for the upgrade: the disk has {free:,} bytes free, and "
            f"{needed:,} are needed"
        )


@contextmanager
def upgrading(file: Path, schema: Schema, use: Use) -> Iterator[None]:
    """Upgrades the file of an instance by a thread, once no older program uses it.

    The instance serves meanwhile: the snapshot may take minutes, or find no space."""
    thread = Upgrader(file, schema, use)
    try:
        yield
    finally:
        thread.end()


class Upgrader:
    def __init__(self, file: Path, schema: Schema, use: Use) -> None:
        self._file = file
        self._schema = schema
        self._use = use
        self._ended = threading.Event()
        self._connection: apsw.Connection | None = None
        self._thread = threading.Thread(target=self._run, name="upgrade", daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        if self._connection:
            with suppress(apsw.Error):
                self._connection.interrupt()
        self._thread.join(UPGRADE_END_MAX_S)

    def _run(self) -> None:
        # SIGALRM, which ends a wait for the lock, has to interrupt the main thread.
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        while not self._ended.is_set():
            try:
                if self._is_upgraded():
                    log_event(logging.INFO, "upgraded", version=self._schema.version)
                    return
            except RinhaError as error:
                if not self._ended.is_set():
                    log_event(logging.ERROR, FAILED, reason=str(error))
            except (apsw.Error, OSError) as error:
                if not self._ended.is_set():
                    log.error(FAILED, exc_info=error)
            self._ended.wait(UPGRADE_TRY_EVERY_S)

    def _is_upgraded(self) -> bool:
        connection = apsw.Connection(str(self._file), flags=apsw.SQLITE_OPEN_READWRITE)
        with closing(connection):
            connection.wal_autocheckpoint(0)
            self._connection = connection
            lock = lock_file_of(self._file)
            upgrade(connection, self._file, self._schema, self._use, lambda: _locked(lock))
            return version_of(connection) == self._schema.version
