"""A VFS and patched system calls that record all writes, and lose them as Linux does.

Data that could not be written is lost, the error is reported once to each open file, and the next
sync succeeds.
"""

import contextlib
import errno
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import apsw
import pytest

from rinha.store import Sync, Written
from tests.help.edition_stores import EDITION_STORES
from tests.help.forks import apart
from tests.help.simulated_disk import Step

CHECKPOINTS = ("PASSIVE", "FULL", "RESTART", "TRUNCATE")
# Transactions between two checkpoints, on average: few, so that power cuts fall into checkpoints.
CHECKPOINT_EVERY = 9
# Transactions between two group commits, on average; each is by one instance for its own answers.
ANSWERS_EVERY = 3
# The files whose writes may be lost.
LEDGER, WAL = "rinha.db", "rinha.db-wal"


class Writeback:
    """Writes that the kernel lost, and the open files that got the error."""

    def __init__(self) -> None:
        self._losses: Counter[str] = Counter()
        self._untold: set[str] = set()
        self._fails_at = range(0)
        self._is_sound = False
        self.syncs: list[str] = []
        self.reports = 0

    def fail_at(self, sync: int, more: int = 0) -> None:
        """Loses writes right before this sync, of those from now on, and the `more` next."""
        self._fails_at = range(sync, sync + more + 1) if sync else range(0)
        self.syncs.clear()

    @contextlib.contextmanager
    def sound(self) -> Iterator[None]:
        """Syncs in this context lose nothing and are not counted."""
        self._is_sound = True
        yield
        self._is_sound = False

    def opened(self, file: str) -> int:
        """Returns the losses not reported to a new descriptor: all but an unreported one."""
        return self._losses[file] - (file in self._untold)

    def sync(self, file: str, told: int) -> int:
        """Returns the number of losses; if it is more than `told`, the sync fails."""
        if file in (LEDGER, WAL) and not self._is_sound:
            self.syncs.append(file)
            if len(self.syncs) in self._fails_at:
                self._losses[file] += 1
                self._untold.add(file)
                _steps.append(Step("lost", file, len(self.syncs)))
        if self._losses[file] != told:
            self._untold.discard(file)
            self.reports += 1
        return self._losses[file]


class _RecordingFile(apsw.VFSFile):
    def __init__(self, base: str, name: str | apsw.URIFilename, flags: list[int]) -> None:
        super().__init__(base, name, flags)
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._name = Path(path or "").name
        self._told = writeback.opened(self._name)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - as SQLite calls it
        _steps.append(Step("write", self._name, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:  # noqa: N802
        _steps.append(Step("cut", self._name, size))
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:  # noqa: N802
        before, self._told = self._told, writeback.sync(self._name, self._told)
        if self._told != before:
            raise apsw.IOError("a write was lost")
        super().xSync(flags)
        _steps.append(Step("sync", self._name))


class RecordingVfs(apsw.VFS):
    def __init__(self) -> None:
        self._base = apsw.vfs_names()[0]
        super().__init__("watched", self._base, makedefault=True)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> _RecordingFile:  # noqa: N802
        assert name is not None
        return _RecordingFile(self._base, name, flags)

    def xDelete(self, path: str, sync_folder: bool) -> None:  # noqa: N802
        super().xDelete(path, sync_folder)
        _steps.append(Step("remove", Path(path).name))


_steps: list[Step] = []
writeback = Writeback()


def watch_calls(patch: pytest.MonkeyPatch) -> list[Step]:
    """Records writes and syncs made past SQLite, which sync no folder; returns all steps."""
    opened, write, sync = os.open, os.pwrite, os.fdatasync
    told: dict[int, int] = {}

    def watched_open(path: str | Path, flags: int, mode: int = 0o777, **words: Any) -> int:
        fd = opened(path, flags, mode, **words)
        told[fd] = writeback.opened(_name_of(fd))
        return fd

    def watched_write(fd: int, data: bytes, place: int) -> int:
        if not _name_of(fd).endswith("-shm"):
            _steps.append(Step("write", _name_of(fd), place, data))
        return write(fd, data, place)

    def watched_sync(fd: int) -> None:
        name, before = _name_of(fd), told[fd]
        told[fd] = writeback.sync(name, before)
        if told[fd] != before:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        sync(fd)
        _steps.append(Step("data sync", name))

    patch.setattr(os, "open", watched_open)
    patch.setattr(os, "pwrite", watched_write)
    patch.setattr(os, "fdatasync", watched_sync)
    return _steps


def _name_of(fd: int) -> str:
    return Path(f"/proc/self/fd/{fd}").readlink().name


def watch(file: Path, synchronous: str, transactions: int, seed: int, edition: str) -> list[Step]:
    """Returns all writes of two stores to one file, from its creation, as by two instances. They
    run in a separate process."""
    return apart(_work, file, synchronous, transactions, seed, edition)


def _work(file: Path, synchronous: str, transactions: int, seed: int, edition: str) -> list[Step]:
    rng, disk, edition_store = Random(seed), RecordingVfs(), EDITION_STORES[edition]
    with pytest.MonkeyPatch.context() as patch, contextlib.ExitStack() as serving:
        watch_calls(patch)
        stores = [edition_store.open(file, synchronous) for _ in range(2)]
        neighbour = apsw.Connection(str(file))
        if synchronous == "OFF":
            for connection in (neighbour, *(store.engine.connection for store in stores)):
                connection.execute("PRAGMA synchronous = OFF")
        for store in stores:
            serving.enter_context(store.engine.serving())
        instances = [Answers() for _ in stores]
        for number in range(1, transactions + 1):
            which = rng.randrange(2)
            _steps.append(Step("begun", "", number))
            written = edition_store.write(stores[which], number, rng)
            _steps.append(Step("committed", "", number))
            instances[which].wait(number, written)
            if rng.random() < 1 / ANSWERS_EVERY:
                instances[rng.randrange(2)].answer()
            if rng.random() < 1 / CHECKPOINT_EVERY:
                neighbour.execute(f"PRAGMA wal_checkpoint({rng.choice(CHECKPOINTS)})")
        steps = list(_steps)
    disk.unregister()
    return steps


class Answers:
    """Answers that wait in an instance for one sync, which covers them all."""

    def __init__(self) -> None:
        self._waiting: list[int] = []
        self._sync: Sync | None = None

    def wait(self, number: int, written: Written[Any]) -> None:
        self._waiting.append(number)
        self._sync = written.sync

    def answer(self) -> None:
        """Ends all answers. They break off if the sync fails, and are not acknowledged then."""
        waiting, self._waiting = self._waiting, []
        if self._sync:
            self._sync()
        _steps.extend(Step("kept", "", number) for number in waiting)
