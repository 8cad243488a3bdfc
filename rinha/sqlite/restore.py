"""Puts a copy in the place of the file, whole or not at all, at whichever moment it is cut short.

The copy is made beside the file, audited there, and renamed over it: the one step that counts. What
was there gets a second name before that step, and is found under it after.
"""

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import apsw

from rinha.errors import RestoreError
from rinha.settings import Settings
from rinha.sqlite import litestream
from rinha.sqlite.file import Schema, assert_is_ours
from rinha.sqlite.litestream_tables import drop_from
from rinha.sqlite.lock import keep_out

MAGIC = b"SQLite format 3\0"
# Beside a file: what SQLite, its users and Litestream keep for it.
BESIDE = ("-wal", "-shm", "-journal", ".lock", ".users", ".checkpoint", ".tmp", "-txid")


class Restorable(NamedTuple):
    """What an edition knows of its files."""

    schema: Schema
    problems: Callable[[Path], Sequence[str]]
    # Adds to what Litestream had before a moment what came between the two.
    complete: Callable[[Path, str, datetime], None] = lambda *_: None


def bring_back(
    knobs: Settings, source: Path | None, at: datetime | None, edition: Restorable
) -> Path | None:
    """From a file, or from RINHA_REPLICA. Returns where what was there is kept now."""
    assert isinstance(knobs.ledger, Path)
    schema, problems, complete = edition
    if source is not None:
        fetch = copy_of(source, schema)
        return put_in_place(knobs.ledger, str(source), schema, fetch, problems)
    if not knobs.replica:
        raise RestoreError("RINHA_REPLICA is not set: it says where the copy is kept")

    def fetch_replica(target: Path) -> None:
        litestream.bring_back(knobs.replica, target, at)
        if at is not None:
            complete(target, knobs.replica, at)

    return put_in_place(knobs.ledger, knobs.replica, schema, fetch_replica, problems)


def put_in_place(
    file: Path,
    source: str,
    schema: Schema,
    fetch: Callable[[Path], None],
    audit: Callable[[Path], Sequence[str]],
) -> Path | None:
    """`fetch` makes the copy at a path. Returns where what was there is kept now, if anything."""
    with _alone(file, schema.noun):
        _finish_what_was_cut_short(file)
        copy = file.with_name(f"{file.name}.restoring")
        _remove(copy)
        try:
            fetch(copy)
            _assert_sound(source, audit(copy))
            _settle(copy)
            return _swap(copy, file)
        except apsw.FullError:
            raise RestoreError(f"{file}: the disk is full, nothing was changed") from None
        except (apsw.Error, OSError) as error:
            raise RestoreError(f"{file}: nothing was restored: {error}") from None
        finally:
            _remove(copy)


def copy_of(source: Path, schema: Schema) -> Callable[[Path], None]:
    """Makes a copy page by page at one moment of the source, whatever is wrong with it."""

    def fetch(target: Path) -> None:
        if not source.is_file():
            raise RestoreError(f"{source}: there is no such file")
        try:
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

    return fetch


@contextlib.contextmanager
def _alone(file: Path, noun: str) -> Iterator[None]:
    if not file.parent.is_dir():
        raise RestoreError(f"{file}: there is no directory {file.parent}, create it")
    try:
        place = keep_out(file)
    except OSError as error:
        raise RestoreError(f"{error.filename}: {error.strerror}") from None
    if place is None:
        raise RestoreError(f"{file}: the {noun} is in use: stop what uses it first (`make down`)")
    try:
        yield
    finally:
        os.close(place)


def _assert_sound(source: str, problems: Sequence[str]) -> None:
    if problems:
        more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
        raise RestoreError(f"{source}: fails its audit, nothing was changed: {problems[0]}{more}")


def _settle(copy: Path) -> None:
    """One file, in the mode of a live one, with nothing of anybody else, and safe on the disk."""
    drop_from(copy)
    connection = apsw.Connection(str(copy))
    connection.pragma("journal_mode", "WAL")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    with copy.open("r+b") as written:
        os.fsync(written.fileno())


def _swap(copy: Path, file: Path) -> Path | None:
    kept = _kept_name(file)
    _fold_in_or_set_aside(file, kept)
    # What Litestream knows of the old file is not true of the new one.
    shutil.rmtree(file.with_name(f".{file.name}-litestream"), ignore_errors=True)
    if file.exists():
        os.link(file, _replaced(file))
        _sync_folder(file)
    copy.rename(file)
    _sync_folder(file)
    return _finish_what_was_cut_short(file, kept)


def _fold_in_or_set_aside(file: Path, kept: Path) -> None:
    """A log that stayed would be taken for the new file's. One that cannot be moved into its file,
    because that is gone or is no database, is kept beside it as it is."""
    if file.exists() and not _fold_in(file):
        raise RestoreError(f"{file}: somebody has it open, a shell perhaps; nothing was changed")
    for ending in ("-wal", "-journal"):
        log = file.with_name(file.name + ending)
        if log.exists() and log.stat().st_size:
            log.rename(kept.with_name(kept.name + ending))
        log.unlink(missing_ok=True)
    file.with_name(f"{file.name}-shm").unlink(missing_ok=True)


def _fold_in(file: Path) -> bool:
    """False while somebody reads or writes. What is no database is not opened: SQLite removes the
    log of one that is empty."""
    with file.open("rb") as old_file:
        if old_file.read(len(MAGIC)) != MAGIC:
            return True
    try:
        old = apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READWRITE)
        with contextlib.closing(old):
            is_busy, _, _ = old.execute("PRAGMA wal_checkpoint(TRUNCATE)").get
            return not is_busy
    except apsw.BusyError:
        return False
    except apsw.Error:
        return True


def _finish_what_was_cut_short(file: Path, kept: Path | None = None) -> Path | None:
    """The second name of what was there: a new name once it is replaced, else taken back."""
    replaced = _replaced(file)
    if not replaced.exists():
        return None
    if file.exists() and replaced.samefile(file):
        replaced.unlink()
        return None
    kept = kept or _kept_name(file)
    replaced.rename(kept)
    _sync_folder(file)
    return kept


def _replaced(file: Path) -> Path:
    return file.with_name(f"{file.name}.replaced")


def _kept_name(file: Path) -> Path:
    """With the time; a second later where that is taken."""
    while True:
        kept = file.with_name(f"{file.name}.{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}")
        if not kept.exists() and not kept.with_name(f"{kept.name}-wal").exists():
            return kept
        time.sleep(0.1)


def _sync_folder(file: Path) -> None:
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _remove(copy: Path) -> None:
    for ending in ("", *BESIDE):
        copy.with_name(copy.name + ending).unlink(missing_ok=True)
