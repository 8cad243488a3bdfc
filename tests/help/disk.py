"""What a power cut at any moment could leave on a disk.

What was synced is safe. Of what was not, any part may be there: none, all, the later without the
earlier, a write torn in the middle. A write harms nothing outside of its own bytes. What a failed
write lost is not there, whatever was synced after it.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Literal, NamedTuple

import apsw

from tests.help.tenants import TENANTS

Kind = Literal["write", "cut", "remove", "sync", "data sync", "lost", "begun", "committed", "kept"]


class Step(NamedTuple):
    """One thing that happened to a file, or the number of a transaction begun, committed
    or acknowledged. Of a loss the number says what is lost."""

    kind: Kind
    file: str
    place: int = 0
    data: bytes = b""


class Disk:
    """The files as they are safe, and what is still on its way to them."""

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
            # Nothing leads to it yet.
            return
        # With a new log or journal SQLite syncs the folder too, and what was removed is gone.
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
        """All of what was written to it since its sync, or each write with the same chance."""
        chance = Random(step.place)
        share = chance.choice((1.0, 1.0, 0.5, 0.1))
        self._pending = [
            each
            for each in self._pending
            if each.kind != "write" or each.file != step.file or chance.random() >= share
        ]

    def as_synced(self) -> dict[str, bytearray]:
        """The image without anything that was not synced."""
        return self._safe

    def after_a_cut(self, chance: Random) -> dict[str, bytearray]:
        """One of the images that are possible now."""
        files = {name: bytearray(data) for name, data in self._safe.items()}
        for step in _survivors(self._pending, chance):
            _apply(files, step)
        return files


def _survivors(pending: list[Step], chance: Random) -> Iterator[Step]:
    """A prefix of what was on its way, then each of the rest with one and the same chance."""
    whole = chance.choice((0, len(pending), chance.randint(0, len(pending))))
    share = chance.choice((0.0, 0.1, 0.5, 0.9, 1.0))
    torn_share = chance.choice((0.0, 0.0, 0.1, 0.5))
    for number, step in enumerate(pending):
        if number < whole or chance.random() < share:
            is_torn = step.kind == "write" and chance.random() < torn_share
            yield _torn(step, chance) if is_torn else step


def _torn(step: Step, chance: Random) -> Step:
    """Its first bytes only, or its last."""
    at = chance.randint(1, len(step.data))
    if chance.random() < 0.5:
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
    # What was never written before reads as zeros.
    data.extend(bytes(max(0, step.place - len(data))))
    data[step.place : step.place + len(step.data)] = step.data


def write_files(folder: Path, files: dict[str, bytearray]) -> None:
    for path in folder.iterdir():
        path.unlink()
    for name, data in files.items():
        (folder / name).write_bytes(data)


class CorruptError(Exception):
    """The ledger cannot be read, or says something that no history explains."""


def numbers_in(file: Path, edition: str) -> list[int]:
    """The transactions that are left, in the order of their numbers."""
    if not file.exists():
        return []
    connection = apsw.Connection(str(file))
    try:
        # Alone with the file: the log's index can stay in memory, which takes half the time.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        if not connection.execute("SELECT count(*) FROM sqlite_schema").get:
            return []
        problems = [*connection.execute("PRAGMA integrity_check")]
        problems += [*connection.execute("SELECT * FROM inconsistencias")]
        if problems != [("ok",)]:
            raise CorruptError(problems)
        names = connection.execute(TENANTS[edition].numbers)
        return sorted(int(name) for (name,) in names)
    except apsw.Error as error:
        raise CorruptError(repr(error)) from error
    finally:
        with contextlib.suppress(apsw.Error):
            connection.close()
