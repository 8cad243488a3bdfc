"""A VFS and patched system calls that record all writes, and lose them as Linux does.

Data that could not be written is lost, the error is reported once to each open file, and the next
sync succeeds.
"""

import contextlib
import errno
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import apsw
import pytest

from rinha.errors import RinhaError
from rinha.sqlite import group
from rinha.sqlite.group import Writing
from rinha.sqlite.wal_repair import Wal
from rinha.store import Engine, Group
from tests.help.edition_stores import EDITION_STORES
from tests.help.forks import apart
from tests.help.simulated_disk import Step

CHECKPOINTS = ("PASSIVE", "FULL", "RESTART", "TRUNCATE")
# Transactions between two checkpoints, on average: few, so that power cuts fall into checkpoints.
CHECKPOINT_EVERY = 9
# Transactions of a group, and of an instance in a row, on average.
ANSWERS_EVERY = 3
SWITCH_EVERY = 4
# Share of the transactions that are alone, and of the commits after which the other commits
# before the sync.
ALONE_SHARE = 0.2
BETWEEN_SHARE = 0.3
# Longer than a test, and short enough to be subtracted from a clock.
LONG_S = 1e9
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
        """Returns the losses that a new descriptor has seen: all but one never reported."""
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
    disk = RecordingVfs()
    with pytest.MonkeyPatch.context() as patch, contextlib.ExitStack() as serving:
        watch_calls(patch)
        work = _Work(file, synchronous, edition, Random(seed))
        for store in work.stores:
            serving.enter_context(store.engine.serving())
            store.engine.group_requests()
        watch_groups(patch, work.during_sync)
        work.run(transactions)
        steps = list(_steps)
    disk.unregister()
    return steps


def watch_groups(patch: pytest.MonkeyPatch, during_sync: Callable[[], None]) -> None:
    """Records each commit, and calls `during_sync` between a commit and its sync. Requests come
    together, unless alone() was called."""
    commit, sync = Writing._commit, Wal.sync

    def watched_commit(writing: Writing) -> None:
        last = next(step.place for step in reversed(_steps) if step.kind == "begun")
        commit(writing)
        _steps.append(Step("committed", "", last))

    def late_sync(wal: Wal) -> None:
        during_sync()
        sync(wal)

    patch.setattr(Writing, "_commit", watched_commit)
    patch.setattr(Wal, "sync", late_sync)
    patch.setattr(group, "GROUP_ALONE_S", LONG_S)
    patch.setattr(group, "GROUP_S_MAX", LONG_S)


def alone(writing: Writing) -> None:
    """The next request comes long after the one before."""
    writing.used_at = -2 * LONG_S


class _Work:
    def __init__(self, file: Path, synchronous: str, edition: str, rng: Random) -> None:
        self._write = EDITION_STORES[edition].write
        self._rng = rng
        self.stores = [EDITION_STORES[edition].open(file, synchronous) for _ in range(2)]
        self._neighbour = apsw.Connection(str(file))
        if synchronous == "OFF":
            connections = [store.engine.connection for store in self.stores]
            for connection in (self._neighbour, *connections):
                connection.execute("PRAGMA synchronous = OFF")
        self._instances = [Answers(store.engine) for store in self.stores]
        self._number = 0
        self._which = 0

    def run(self, transactions: int) -> None:
        rng = self._rng
        while self._number < transactions:
            if rng.random() < 1 / SWITCH_EVERY:
                self._instances[self._which].answer()
                self._which = 1 - self._which
            self._transact(self._which)
            if rng.random() < 1 / ANSWERS_EVERY:
                self._instances[self._which].answer()
            if rng.random() < 1 / CHECKPOINT_EVERY:
                self._checkpoint(rng.choice(CHECKPOINTS))
        self._instances[self._which].answer()

    def during_sync(self) -> None:
        """The other instance may commit before the first one has synced."""
        if self._rng.random() < BETWEEN_SHARE:
            other = 1 - self._which
            alone(self.stores[other].engine.writing)
            self._transact(other)

    def _transact(self, which: int) -> None:
        self._number += 1
        if self._rng.random() < ALONE_SHARE:
            alone(self.stores[which].engine.writing)
        _steps.append(Step("begun", "", self._number))
        number = self._number
        self._write(self.stores[which], number, self._rng)
        self._instances[which].wait(number)

    def _checkpoint(self, kind: str) -> None:
        if kind != "PASSIVE":
            # The others wait for the write lock.
            self._instances[self._which].answer()
        self._neighbour.execute(f"PRAGMA wal_checkpoint({kind})")


class Answers:
    """Answers of an instance that wait for the commit of their group."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._waiting: list[tuple[int, Group]] = []

    def wait(self, number: int) -> None:
        """Takes the answer to a transaction that was done; without a group it is acknowledged."""
        opened = self._engine.group
        if opened is None:
            _steps.append(Step("kept", "", number))
        else:
            self._waiting.append((number, opened))

    def answer(self) -> list[tuple[int, RinhaError]]:
        """Ends all answers that wait. Returns those that broke off, which are not acknowledged."""
        waiting, self._waiting = self._waiting, []
        broken = []
        for number, waited_for in waiting:
            try:
                waited_for.end()
            except RinhaError as error:
                broken.append((number, error))
            else:
                _steps.append(Step("kept", "", number))
        return broken
