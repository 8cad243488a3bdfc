"""Checks of a ledger's file before SQLite may open it."""

import os
from contextlib import closing, suppress
from pathlib import Path

import apsw

from rinha.errors import StoreUnusableError
from rinha.sqlite.schema import Schema, version_of
from rinha.sqlite.users import Use, keep_out, use
from rinha.sqlite.wal import HEADER, has_commit, wal_of

MAGIC = b"SQLite format 3\0"
# Endings of the files without which a database is incomplete.
LOGS = ("-wal", "-journal")


def can_corrupt_wal(version: tuple[int, ...]) -> bool:
    """Returns True for SQLite 3.7.0 to 3.51.2, except for the fixed releases from 3.50.7 and 3.44.6
    on. It may corrupt a WAL database if two connections write and checkpoint at the same time, as
    two instances do."""
    mended = version[:2] == (3, 50) and version >= (3, 50, 7)
    mended |= version[:2] == (3, 44) and version >= (3, 44, 6)
    return (3, 7, 0) <= version < (3, 51, 3) and not mended


def assert_sqlite_is_sound(noun: str) -> None:
    version = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
    if can_corrupt_wal(version):
        raise StoreUnusableError(
            f"SQLite {apsw.sqlite_lib_version()} can corrupt a {noun} with two writers: "
            "install apsw 3.51.3 or newer from its wheel"
        )


def enter(file: Path, schema: Schema) -> Use:
    """Checks the file and begins its use: until that is closed no restore replaces the file."""
    try:
        _finish_restore(file, schema)
        begun = use(file, schema.version)
        try:
            assert_one_name(file)
            assert_wal_has_its_file(file, schema.noun)
        except BaseException:
            begun.close()
            raise
    except OSError as error:
        raise StoreUnusableError(f"{error.filename or file}: {error.strerror}") from None
    except apsw.Error as error:
        raise StoreUnusableError(f"{file}: {error}") from None
    return begun


def enter_for_another(file: Path, schema: Schema) -> Use:
    """Does the same for a program that takes this one's place, and opens the file itself. If that
    still runs after an upgrade, it does not keep an older program's restore out."""
    begun = enter(file, schema)
    with suppress(apsw.Error):
        connection = apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READONLY)
        with closing(connection):
            if 0 < version_of(connection) < schema.version:
                begun.leave_older()
    return begun


def in_use(file: Path, noun: str) -> str:
    return f"{file}: the {noun} is in use: stop what uses it first (`make down`)"


def assert_there(file: Path, noun: str) -> None:
    if not file.exists():
        assert_wal_has_its_file(file, noun)
        raise StoreUnusableError(
            f"{file}: there is no {noun} here; `make up` makes one, or `rinha init`"
        )


def assert_one_name(file: Path) -> None:
    """Refuses a file with hard links: SQLite derives the WAL's name from the path, so each name
    would have its own WAL."""
    names = file.stat().st_nlink if file.exists() else 1
    if names > 1:
        raise StoreUnusableError(
            f"{file}: has {names} names (hard links), each would get a WAL of its own: remove the "
            f"others, which `find -samefile {file}` shows, or put a copy in its place"
        )


def assert_wal_has_its_file(file: Path, noun: str) -> None:
    """Refuses a WAL with commits whose database is missing, empty or another kind of file. SQLite
    would remove the WAL, or write it into that file."""
    if is_database(file) or not has_commit(wal_of(file)):
        return
    # Another instance may just have created the file: it writes there before it writes a WAL.
    if is_database(file):
        return
    state = "no database" if file.exists() and file.stat().st_size else "missing or empty"
    raise StoreUnusableError(
        f"{file}: is {state}, but {wal_of(file)} holds transactions of a {noun}; nothing was "
        "touched. Put back the file that this WAL belongs to; or `make restore` puts a snapshot or "
        "the replica in its place, and keeps this WAL beside it"
    )


def is_database(file: Path) -> bool:
    """Returns whether the file is an SQLite database; without a WAL any file with content counts.

    It reads through SQLite: closing any other handle would drop this process's locks on the
    file."""
    try:
        if not file.stat().st_size:
            return False
    except FileNotFoundError:
        return False
    wal = wal_of(file)
    if not wal.exists() or wal.stat().st_size <= HEADER.size:
        return True
    return _first_bytes(file) == MAGIC


def _first_bytes(file: Path) -> bytes:
    flags = [apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_READONLY, 0]
    opened = apsw.VFSFile("", str(file.absolute()), flags)
    try:
        return opened.xRead(len(MAGIC), 0)
    finally:
        opened.xClose()


def second_name(file: Path) -> Path | None:
    """Returns the second name that a killed restore gave the file, or None after a finished one."""
    if file.exists() and file.stat().st_nlink > 1:
        for each in file.parent.iterdir():
            if each.name.startswith(f"{file.name}.2") and each.samefile(file):
                return each
    return None


def undo_restore(file: Path, kept: Path) -> None:
    """Undoes a restore that has not replaced the file: renames the WAL back and removes the second
    name."""
    for ending in LOGS:
        aside, log = (path.with_name(path.name + ending) for path in (kept, file))
        if aside.exists():
            if log.exists() and log.stat().st_size:
                raise StoreUnusableError(
                    f"{file}: there are both {log} and {aside}: remove one of them"
                )
            aside.rename(log)
    sync_folder(file)
    kept.unlink()
    sync_folder(file)


def sync_folder(file: Path) -> None:
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _finish_restore(file: Path, schema: Schema) -> None:
    """Undoes a killed restore. A running one is left alone: `use` then refuses the file."""
    if second_name(file) is None:
        return
    alone = keep_out(file, schema.version)
    if alone is None:
        return
    try:
        kept = second_name(file)
        if kept is not None:
            undo_restore(file, kept)
    finally:
        alone.close()
