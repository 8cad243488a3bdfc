"""A disk that is watched, and what a power cut at any moment could leave on it.

What was synced is safe. Of what was not, any part may be there: none, all, the later without the
earlier, a write torn in the middle. A write harms nothing outside of its own bytes.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Literal, NamedTuple

import apsw
import pytest

from rinha.store import Safety
from tests.help.forks import apart
from tests.help.tenants import TENANTS

CHECKPOINTS = ("PASSIVE", "FULL", "RESTART", "TRUNCATE")
# A log is written back after so many transactions on average: often, so that cuts fall into it.
CHECKPOINT_EVERY = 9
# After so many transactions on average one of the two answers for all that wait in it.
ANSWERS_EVERY = 3
Kind = Literal["write", "cut", "remove", "sync", "data sync", "begun", "committed", "kept"]


class Step(NamedTuple):
    """One thing that happened to a file, or the number of a transaction begun, committed
    or acknowledged."""

    kind: Kind
    file: str
    place: int = 0
    data: bytes = b""


class _WatchedFile(apsw.VFSFile):
    def __init__(self, base: str, name: str | apsw.URIFilename, flags: list[int]) -> None:
        super().__init__(base, name, flags)
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._name = Path(path or "").name

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - as SQLite calls it
        _steps.append(Step("write", self._name, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:  # noqa: N802
        _steps.append(Step("cut", self._name, size))
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:  # noqa: N802
        super().xSync(flags)
        _steps.append(Step("sync", self._name))


class _WatchedDisk(apsw.VFS):
    def __init__(self) -> None:
        self._base = apsw.vfs_names()[0]
        super().__init__("watched", self._base, makedefault=True)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> _WatchedFile:  # noqa: N802
        assert name is not None
        return _WatchedFile(self._base, name, flags)

    def xDelete(self, path: str, sync_folder: bool) -> None:  # noqa: N802
        super().xDelete(path, sync_folder)
        _steps.append(Step("remove", Path(path).name))


_steps: list[Step] = []


def _watch_syncs(patch: pytest.MonkeyPatch) -> None:
    """Those past SQLite, which sync no folder."""
    sync = os.fdatasync

    def watched(fd: int) -> None:
        sync(fd)
        _steps.append(Step("data sync", Path(f"/proc/self/fd/{fd}").readlink().name))

    patch.setattr(os, "fdatasync", watched)


def watch(file: Path, synchronous: str, transactions: int, seed: int, edition: str) -> list[Step]:
    """All that two stores, served as by two instances, do to their files, from the making on, in a
    process of its own."""
    return apart(_work, file, synchronous, transactions, seed, edition)


def _work(file: Path, synchronous: str, transactions: int, seed: int, edition: str) -> list[Step]:
    chance, disk, tenant = Random(seed), _WatchedDisk(), TENANTS[edition]
    with pytest.MonkeyPatch.context() as patch, contextlib.ExitStack() as serving:
        _watch_syncs(patch)
        stores = [tenant.open(file, synchronous) for _ in range(2)]
        neighbour = apsw.Connection(str(file))
        if synchronous == "OFF":
            for connection in (neighbour, *(store.engine.connection for store in stores)):
                connection.execute("PRAGMA synchronous = OFF")
        instances = [_Answers(serving.enter_context(store.engine.serving())) for store in stores]
        for number in range(1, transactions + 1):
            which = chance.randrange(2)
            _steps.append(Step("begun", "", number))
            tenant.write(stores[which], number, chance)
            _steps.append(Step("committed", "", number))
            instances[which].waiting.append(number)
            if chance.random() < 1 / ANSWERS_EVERY:
                instances[chance.randrange(2)].answer()
            if chance.random() < 1 / CHECKPOINT_EVERY:
                neighbour.execute(f"PRAGMA wal_checkpoint({chance.choice(CHECKPOINTS)})")
        steps = list(_steps)
    disk.unregister()
    return steps


class _Answers:
    """What waits in an instance for a sync, which serves them all."""

    def __init__(self, safety: Safety | None) -> None:
        self._safety = safety
        self.waiting: list[int] = []

    def answer(self) -> None:
        if self._safety:
            self._safety.make_safe(self._safety.committed)
        _steps.extend(Step("kept", "", number) for number in self.waiting)
        self.waiting.clear()


class Disk:
    """The files as they are safe, and what is still on its way to them."""

    def __init__(self) -> None:
        self._safe: dict[str, bytearray] = {}
        self._pending: list[Step] = []
        self._entered: set[str] = set()

    def take(self, step: Step) -> None:
        if step.kind in ("begun", "committed", "kept"):
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
