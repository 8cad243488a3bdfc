"""A simulated disk: the file images that a power cut at any moment may leave.

Synced data is durable. Any subset of the other writes may be on the disk: none, all, a later one
without an earlier one, or a part of one. A write changes only its own bytes. Lost writes stay lost,
even if a later sync succeeds.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Literal, NamedTuple

import apsw

from tests.help.edition_stores import EDITION_STORES

Kind = Literal["write", "cut", "remove", "sync", "data sync", "lost", "begun", "committed", "kept"]


class Step(NamedTuple):
    """One event of a file, or the number (`place`) of a transaction that was begun, committed or
    acknowledged. For a loss, `place` is the seed that selects the lost writes."""

    kind: Kind
    file: str
    place: int = 0
    data: bytes = b""


class Disk:
    """The durable files, and the writes that are not synced yet."""

    def __init__(self) -> None:
        self._safe: dict[str, bytearray] = {}
        self._pending: list[Step] = []
        self._entered: set[str] = set()

    def take(self, step: Step) -> None:
        if step.kind in ("begun", "committed", "kept"):
            return
        if step.kind == "lost":
            self._lose(step)
            return
        if step.kind not in ("sync", "data sync"):
            self._pending.append(step)
            return
        if step.kind == "data sync" and step.file not in self._entered:
            # The folder entry is not durable yet, so a power cut would lose the file.
            return
        # SQLite syncs the folder after it creates a WAL or journal: removals are durable.
        with_folder = "-" in step.file and step.file not in self._entered
        self._entered.add(step.file)
        waiting = []
        for each in self._pending:
            if each.file == step.file or (with_folder and each.kind == "remove"):
                _apply(self._safe, each)
                self._entered -= {each.file} if each.kind == "remove" else set()
            else:
                waiting.append(each)
        self._pending = waiting

    def _lose(self, step: Step) -> None:
        """Drops unsynced writes to the file: all of them, or each with one probability."""
        rng = Random(step.place)
        share = rng.choice((1.0, 1.0, 0.5, 0.1))
        self._pending = [
            each
            for each in self._pending
            if each.kind != "write" or each.file != step.file or rng.random() >= share
        ]

    def as_synced(self) -> dict[str, bytearray]:
        """Returns the image that holds only synced data."""
        return self._safe

    def after_a_cut(self, rng: Random) -> dict[str, bytearray]:
        """Returns one of the images that a power cut may leave now."""
        files = {name: bytearray(data) for name, data in self._safe.items()}
        for step in _survivors(self._pending, rng):
            _apply(files, step)
        return files


def _survivors(pending: list[Step], rng: Random) -> Iterator[Step]:
    """Yields a random prefix of the pending steps, and each of the rest with one probability."""
    whole = rng.choice((0, len(pending), rng.randint(0, len(pending))))
    share = rng.choice((0.0, 0.1, 0.5, 0.9, 1.0))
    torn_share = rng.choice((0.0, 0.0, 0.1, 0.5))
    for number, step in enumerate(pending):
        if number < whole or rng.random() < share:
            is_torn = step.kind == "write" and rng.random() < torn_share
            yield _torn(step, rng) if is_torn else step


def _torn(step: Step, rng: Random) -> Step:
    """Returns a part of a write: its first bytes or its last."""
    at = rng.randint(1, len(step.data))
    if rng.random() < 0.5:
        return step._replace(data=step.data[:at])
    return step._replace(place=step.place + at, data=step.data[at:])


def _apply(files: dict[str, bytearray], step: Step) -> None:
    if step.kind == "remove":
        files.pop(step.file, None)
        return
    data = files.setdefault(step.file, bytearray())
    if step.kind == "cut":
        del data[step.place :]
        return
    # Bytes that were never written read as zeros.
    data.extend(bytes(max(0, step.place - len(data))))
    data[step.place : step.place + len(step.data)] = step.data


def write_files(folder: Path, files: dict[str, bytearray]) -> None:
    for path in folder.iterdir():
        path.unlink()
    for name, data in files.items():
        (folder / name).write_bytes(data)


class CorruptError(Exception):
    """The file cannot be read, or its integrity check or its audit finds a problem."""


def numbers_in(file: Path, edition: str) -> list[int]:
    """Returns the numbers of the transactions in the file, sorted."""
    if not file.exists():
        return []
    connection = apsw.Connection(str(file))
    try:
        # In exclusive mode the WAL index stays in memory, which takes half the time.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        if not connection.execute("SELECT count(*) FROM sqlite_schema").get:
            return []
        problems = [*connection.execute("PRAGMA integrity_check")]
        problems += [*connection.execute("SELECT * FROM inconsistencias")]
        if problems != [("ok",)]:
            raise CorruptError(problems)
        names = connection.execute(EDITION_STORES[edition].numbers)
        return sorted(int(name) for (name,) in names)
    except (apsw.Error, ValueError) as error:  # ValueError: a page of zeros where a name was
        raise CorruptError(repr(error)) from error
    finally:
        with contextlib.suppress(apsw.Error):
            connection.close()
