"""Replaces a ledger's file by a copy: completely or not at all, even if it is killed.

The copy is made beside the file, audited there, and renamed over it. Before the rename the old file
gets a second name, a hard link, which it keeps. If the rename did not happen, the next start or
restore removes the second name.
"""

import contextlib
import errno
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import apsw

from rinha.errors import RestoreError, StoreUnavailableError
from rinha.replica import litestream
from rinha.replica.replicate import state_folder_of
from rinha.settings import Settings
from rinha.sqlite.entry import (
    LOGS,
    assert_one_name,
    assert_wal_has_its_file,
    in_use,
    is_database,
    second_name,
    sync_folder,
    undo_restore,
)
from rinha.sqlite.extra_tables import drop_tables_of_tools
from rinha.sqlite.schema import Schema, assert_is_ours
from rinha.sqlite.snapshot import name_with_time
from rinha.sqlite.store import SqliteStore
from rinha.sqlite.users import keep_out, lock_files_of
from rinha.sqlite.wal import wal_of

# Errors of `os.link` on file systems without hard links.
NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS)
# Endings of the files that SQLite, the write lock and Litestream keep beside a database.
BESIDE = ("-wal", "-shm", "-journal", ".lock", ".checkpoint", ".tmp", "-txid")
# A point-in-time restore reads a second copy, the latest state.
LATER = ".later"


# Adds to a restored file the commits between Litestream's state and the requested time.
Complete = Callable[[Path, str, datetime], None]


def restore(
    store: type[SqliteStore],
    settings: Settings,
    source: Path | None,
    at: datetime | None,
    complete: Complete | None = None,
) -> Path | None:
    """Restores from a file or from RINHA_REPLICA. Returns the old file's new name, if there was
    one."""
    assert isinstance(settings.ledger, Path)
    if source is not None:
        fetch = copy_of(source, store.SCHEMA)
        return put_in_place(settings.ledger, str(source), store, fetch)
    if not settings.replica:
        raise RestoreError("RINHA_REPLICA is not set: it names the replica to restore")

    def fetch_replica(target: Path) -> None:
        litestream.restore(settings.replica, target, at)
        if at is not None and complete is not None:
            complete(target, settings.replica, at)

    return put_in_place(settings.ledger, settings.replica, store, fetch_replica)


def put_in_place(
    file: Path, source: str, store: type[SqliteStore], fetch: Callable[[Path], None]
) -> Path | None:
    """Replaces the file by what `fetch` makes at a path. Returns the old file's new name, if
    any."""
    try:
        with _alone(file, store.SCHEMA):
            copy = file.with_name(f"{file.name}.restoring")
            try:
                _remove(copy, store.SCHEMA)
                fetch(copy)
                _assert_sound(source, store, copy)
                _settle(copy)
                kept = _swap(copy, file)
            finally:
                # If this fails, the next restore removes the copy.
                with contextlib.suppress(OSError):
                    _remove(copy, store.SCHEMA)
            _assert_synced(file, kept)
            return kept
    except apsw.FullError:
        raise RestoreError(f"{file}: the disk is full, nothing was changed") from None
    except (apsw.Error, OSError) as error:
        raise RestoreError(f"{file}: nothing was restored: {error}") from None


def copy_of(source: Path, schema: Schema) -> Callable[[Path], None]:
    """Returns a function that copies a snapshot of the source page by page, even a corrupt one."""

    def fetch(target: Path) -> None:
        if not source.is_file():
            raise RestoreError(f"{source}: no such file")
        try:
            assert_wal_has_its_file(source, schema.noun)
            theirs = apsw.Connection(str(source), flags=apsw.SQLITE_OPEN_READONLY)
            with contextlib.closing(theirs):
                assert_is_ours(theirs, source, schema)
                with (
                    contextlib.closing(apsw.Connection(str(target))) as ours,
                    ours.backup("main", theirs, "main") as backup,
                ):
                    backup.step()
        except apsw.NotADBError:
            raise RestoreError(f"{source}: not a database; nothing was changed") from None
        except UnicodeEncodeError:
            raise RestoreError(
                f"{source}: SQLite needs a path in UTF-8; nothing was changed"
            ) from None

    return fetch


@contextlib.contextmanager
def _alone(file: Path, schema: Schema) -> Iterator[None]:
    """Keeps all other processes from the file, and undoes a killed restore."""
    if not file.parent.is_dir():
        raise RestoreError(f"{file}: there is no directory {file.parent}, create it")
    if file.exists() and not file.is_file():
        raise RestoreError(f"{file}: not a regular file")
    alone = keep_out(file, schema.version)
    if alone is None:
        raise RestoreError(in_use(file, schema.noun))
    try:
        killed = second_name(file)
        if killed is not None:
            undo_restore(file, killed)
        assert_one_name(file)
        yield
    finally:
        with contextlib.suppress(OSError):
            alone.close()


def _assert_sound(source: str, store: type[SqliteStore], copy: Path) -> None:
    opened = store(copy, synchronous="FULL", lock_wait_s=1, create=False)
    try:
        problems = opened.audit().problems
    except StoreUnavailableError as error:
        raise RestoreError(f"{source}: nothing was changed: {error}") from error
    finally:
        opened.close()
    if problems:
        more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
        raise RestoreError(f"{source}: fails its audit, nothing was changed: {problems[0]}{more}")


def _settle(copy: Path) -> None:
    """Makes the copy one durable file in WAL mode, without tables of tools."""
    drop_tables_of_tools(copy)
    connection = apsw.Connection(str(copy))
    connection.pragma("journal_mode", "WAL")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    with copy.open("r+b") as written:
        os.fsync(written.fileno())


def _swap(copy: Path, file: Path) -> Path | None:
    """Replaces the file by the copy. Returns the old file's new name, if there was one.

    SQLite would take an old WAL for the new file's. So the WAL is first checkpointed into the old
    file. If that is no database, the WAL is renamed with it."""
    kept = name_with_time(file)
    # Litestream's state describes the old file.
    shutil.rmtree(state_folder_of(file), ignore_errors=True)
    if not file.exists():
        if not any(_logs(file)):
            copy.rename(file)
            return None
        # Until both have their new names, a start refuses the empty file with its WAL.
        file.touch()
    with _folded_in(file):
        _link(file, kept)
        try:
            sync_folder(file)
            for log in _logs(file):
                log.rename(kept.with_name(f"{kept.name}{log.name.removeprefix(file.name)}"))
            for ending in (*LOGS, "-shm"):
                file.with_name(file.name + ending).unlink(missing_ok=True)
            sync_folder(file)
            copy.rename(file)
        except OSError:
            # If this fails too, the next start or restore does it.
            with contextlib.suppress(OSError):
                undo_restore(file, kept)
            raise
    return kept


def _assert_synced(file: Path, kept: Path | None) -> None:
    try:
        sync_folder(file)
    except OSError as error:
        where = f" ({kept})" if kept else ""
        raise RestoreError(
            f"{file}: was restored, but its folder cannot be synced ({error}): after a power cut "
            f"the old file{where} may be in its place again"
        ) from None


def _link(file: Path, kept: Path) -> None:
    try:
        os.link(file, kept)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        raise RestoreError(
            f"{file}: nothing was restored, as its file system has no hard links: move it away, "
            f"with {wal_of(file).name} if there is one, and restore again"
        ) from None


def _logs(file: Path) -> list[Path]:
    """Returns the WAL and the journal, if they are not empty."""
    logs = [file.with_name(file.name + ending) for ending in LOGS]
    return [log for log in logs if log.exists() and log.stat().st_size]


@contextlib.contextmanager
def _folded_in(file: Path) -> Iterator[None]:
    """Checkpoints the WAL into the file, and locks all other SQLite connections out meanwhile.
    Raises RestoreError if one is open: even an idle one has a lock since its first read.

    A file that is no database is left as it is."""
    if not is_database(file):
        yield
        return
    old = apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        # At the close, another file may have this name.
        old.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        with contextlib.suppress(apsw.NotADBError, apsw.CorruptError):
            old.pragma("locking_mode", "EXCLUSIVE")
            old.execute("BEGIN EXCLUSIVE; COMMIT")
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        yield
    except apsw.BusyError:
        raise RestoreError(
            f"{file}: another program has it open, such as a shell; nothing was changed"
        ) from None
    finally:
        with contextlib.suppress(apsw.Error):
            old.close()


def _remove(copy: Path, schema: Schema) -> None:
    copies = [copy, copy.with_name(copy.name + LATER)]
    beside = [each.with_name(each.name + ending) for each in copies for ending in BESIDE]
    for path in (*copies, *beside, *lock_files_of(copy, schema.version)):
        path.unlink(missing_ok=True)
