"""One SQLite file that several processes read and write.

Open one SqliteFile per process, after any fork. Never open the file without SQLite in that process:
closing such a handle would drop all locks that SQLite holds on it.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import apsw

from rinha.address import real_path
from rinha.errors import RETRY, RinhaError, StoreUnavailableError, StoreUnusableError
from rinha.sqlite.checkpoint import checkpointing
from rinha.sqlite.entry import assert_sqlite_is_sound, assert_there, enter, in_use
from rinha.sqlite.extra_tables import ACCEPTED, assert_not_moved, drop_statistics
from rinha.sqlite.group import Group, Writing
from rinha.sqlite.limits import (
    FILE_MOVED_CHECK_S,
    FOREIGN_LOCK_PAUSE_S,
    PAGE_SIZE_BYTES,
    START_LOCK_WAIT_S,
)
from rinha.sqlite.lock import WriteLock, lock_file_of
from rinha.sqlite.schema import READ_SCHEMA, Schema, assert_is_ours, version_of
from rinha.sqlite.snapshot import write_snapshot
from rinha.sqlite.upgrade import upgrade, upgrading
from rinha.sqlite.wal_repair import Wal
from rinha.store import Gauge, Meter


class SqliteFile:
    def __init__(
        self,
        path: Path,
        schema: Schema,
        *,
        synchronous: str,
        lock_wait_s: float,
        create: bool = True,
    ) -> None:
        path = self.path = real_path(path)
        self._schema = schema
        self._synchronous = synchronous
        self._lock_wait_s = lock_wait_s
        self._next_file_check_at = 0.0
        self._inode = (0, 0)
        self._foreign_deadline = 0.0
        self._assert_usable(create=create)
        with ExitStack() as on_failure:
            try:
                self._lock = WriteLock(lock_file_of(path), START_LOCK_WAIT_S, schema.noun)
                with self._lock:
                    self._use = enter(path, schema)
                    on_failure.callback(self._use.close)
                    self._open(create)
                self.writing = Writing(
                    self.connection,
                    self._lock,
                    Wal(self.connection) if synchronous == "FULL" else None,
                    self._assert_in_place,
                    self._error_of,
                )
            except OSError as error:
                raise StoreUnusableError(f"{error.filename}: {error.strerror}") from None
            except apsw.Error as error:
                raise StoreUnusableError(f"{path}: {error}") from None
            on_failure.pop_all()
        self._lock.set_wait(lock_wait_s)

    def _assert_usable(self, *, create: bool) -> None:
        path, noun = self.path, self._schema.noun
        assert_sqlite_is_sound(noun)
        if not path.parent.is_dir():
            raise StoreUnusableError(f"{path}: there is no directory {path.parent}, create it")
        if not create:
            assert_there(path, noun)
        if path.exists() and not path.is_file():
            raise StoreUnusableError(f"{path}: not a regular file")

    def _open(self, create: bool) -> None:
        """Opens or creates the file, under the lock: two instances may do so at the same time."""
        schema = self._schema
        self.connection = apsw.Connection(str(self.path))
        # A command runs no checkpoint beside Litestream or a thread that repairs the WAL.
        self.connection.wal_autocheckpoint(0)
        self.connection.set_busy_handler(self._keep_waiting)
        self.execute: Callable[..., apsw.Cursor] = self.connection.execute
        kind = assert_is_ours(self.connection, self.path, schema, create=create)
        if create:
            self.assert_not_moved()
        if self.connection.readonly("main"):
            raise StoreUnusableError(f"{self.path}: this user may not write it")
        self.execute(f"PRAGMA page_size = {PAGE_SIZE_BYTES}")
        if self.execute("PRAGMA journal_mode = WAL").get != "wal":
            raise StoreUnusableError(f"{self.path}: this file system has no write-ahead log")
        if create:
            drop_statistics(self.connection)
        self.version = kind.version if kind.objects else schema.version
        if not kind.objects:
            schema.create(self.connection)
        if self.version < schema.version:
            self._use.leave_older()
        # With FULL, group.py adds a sync after the commit.
        self.execute("PRAGMA synchronous = NORMAL")
        status = self.path.stat()
        self._inode = (status.st_dev, status.st_ino)

    def set_link(self, link: Path | None) -> None:
        """Notes the symbolic link by which the file was named, if one was."""
        self._use.link = link

    def upgrade(self) -> None:
        """Upgrades a file of an older version, unless an older program uses it."""
        if self.has_newest_version():
            return
        self._lock.set_wait(START_LOCK_WAIT_S)
        try:
            upgrade(self.connection, self.path, self._schema, self._use, lambda: self._lock)
        except OSError as error:
            raise StoreUnusableError(f"{error.filename}: {error.strerror}") from None
        except apsw.Error as error:
            raise StoreUnusableError(f"{self.path}: {error}") from None
        finally:
            self._lock.set_wait(self._lock_wait_s)
        self._see_version()

    def _see_version(self) -> None:
        """Notices that another process has upgraded the file."""
        with suppress(apsw.Error):
            version = version_of(self.connection)
            if version > self.version and self._use.join_older():
                self.version = version

    @property
    def info(self) -> Mapping[str, object]:
        return {"synchronous": self._synchronous, "sqlite": apsw.sqlite_lib_version()}

    def has_newest_version(self) -> bool:
        """Returns whether the file has all tables; notices an upgrade by another process."""
        if self.version < self._schema.version:
            self._see_version()
        return self.version == self._schema.version

    def assert_newest_version(self) -> None:
        if not self.has_newest_version():
            raise StoreUnusableError(
                f"{self.path}: a {self._schema.noun} of version {self.version}: `rinha init` "
                "upgrades it once no older program uses it"
            )

    def assert_not_moved(self) -> None:
        assert_not_moved(self.connection, self.path, self._schema.noun)

    @contextmanager
    def serving(self, meter: Meter | None = None) -> Iterator[None]:
        self._lock.meter = self.writing.meter = meter
        with ExitStack() as running:
            running.enter_context(checkpointing(self.path, self.connection, meter))
            if not self.has_newest_version():
                running.enter_context(upgrading(self.path, self._schema, self._use))
            # The first request would wait for it, and answer its error.
            with suppress(RinhaError):
                self.writing.settle()
            yield
            self.writing.end_group()

    def group_requests(self) -> bool:
        self.writing.may_group = True
        return True

    @property
    def group(self) -> Group | None:
        return self.writing.group

    def gauges(self) -> Iterator[Gauge]:
        self.writing.end_group()
        sizes = (
            ("ledger_bytes", "Size of the file.", self.path),
            ("log_bytes", "Size of the WAL.", f"{self.path}-wal"),
        )
        for name, meaning, path in sizes:
            with suppress(OSError):
                yield Gauge(name, meaning, Path(path).stat().st_size)
        with suppress(OSError):
            free = shutil.disk_usage(self.path.parent).free
            yield Gauge("disk_free_bytes", "Free space where the file is.", free)

    def lock_out_others(self) -> None:
        """Makes the use of the file exclusive until it is closed, or raises if it is in use."""
        if not self._use.lock_out_all():
            raise StoreUnusableError(in_use(self.path, self._schema.noun))

    def close(self) -> None:
        self.writing.close()
        self.connection.close()
        self._lock.close()
        self._use.close()

    def read(self, sql: str, bindings: tuple[int | str, ...] = ()) -> list[tuple[Any, ...]]:
        """Runs one statement, which reads one snapshot, or what the group has written so far."""
        now = time.monotonic()
        self.writing.used_at = now
        self._assert_in_place(now)
        try:
            return self.execute(sql, bindings).fetchall()
        except apsw.Error as error:
            self.writing.after_failed_read()
            raise self._error_of(error) from error

    def assert_readable(self, sql: str) -> None:
        """Runs a statement, after a new check that the file is in place."""
        self._next_file_check_at = 0.0
        self.read(sql)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Runs the statements of its block on one snapshot. They may take long: no group waits."""
        self.writing.end_group()
        try:
            self.execute("BEGIN")
            yield
        finally:
            if self.connection.in_transaction:
                self.execute("ROLLBACK")

    def problems(self) -> list[str]:
        """Returns what is wrong with the file or its schema, on which the audit's views depend."""
        found = [f"integrity: {line}" for (line,) in self.execute("PRAGMA integrity_check")]
        if found == ["integrity: ok"]:
            found = []
        ours = set(self.execute(READ_SCHEMA)) - ACCEPTED
        if ours != self._schema.definitions(version_of(self.connection)):
            found.append("schema: not the one that this program ships")
        return found

    def snapshot(self, target: Path) -> None:
        write_snapshot(self.connection, target)

    def _assert_in_place(self, now: float) -> None:
        """Refuses a file that was deleted or replaced: what is acknowledged in it would be lost."""
        if now < self._next_file_check_at:
            return
        try:
            status = os.stat(self.path)  # noqa: PTH116 - takes a third of the time
        except OSError:
            status = None
        if status is None or (status.st_dev, status.st_ino) != self._inode:
            raise StoreUnavailableError(
                f"the {self._schema.noun}'s file was moved away or replaced"
            )
        if self.version < self._schema.version:
            self._see_version()
        self._next_file_check_at = now + FILE_MOVED_CHECK_S

    def _keep_waiting(self, looks: int) -> bool:
        """Waits for SQLite's own lock, which a shell may hold. Instances wait for the WriteLock."""
        now = time.monotonic()
        if looks == 0:
            self._foreign_deadline = now + self._lock.budget_s
        if now >= self._foreign_deadline:
            return False
        time.sleep(FOREIGN_LOCK_PAUSE_S)
        return True

    def _error_of(self, error: apsw.Error) -> RinhaError:
        if isinstance(error, apsw.BusyError):
            return self._lock.refused()
        return StoreUnavailableError(
            f"the {self._schema.noun} cannot be used now ({error}); "
            f"the transaction may have been written: {RETRY}"
        )
