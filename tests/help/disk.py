"""A disk that is watched, and what a power cut at any moment could leave on it.

What was synced is safe. Of what was not, any part may be there: none, all, the later without the
earlier, a write torn in the middle. A write harms nothing outside of its own bytes.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Literal, NamedTuple

import apsw

from tests.help.forks import apart
from tests.help.tenants import TENANTS

CHECKPOINTS = ("PASSIVE", "FULL", "RESTART", "TRUNCATE")
# A log is written back after so many transactions on average: often, so that cuts fall into it.
CHECKPOINT_EVERY = 9
Kind = Literal["write", "cut", "remove", "sync", "begun", "kept"]


class Step(NamedTuple):
    """One thing that happened to a file, or the number of a transaction begun or acknowledged."""

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


def watch(file: Path, synchronous: str, transactions: int, seed: int, edition: str) -> list[Step]:
    """All that a store does to its files, from their making on, in a process of its own."""
    return apart(_work, file, synchronous, transactions, seed, edition)


def _work(file: Path, synchronous: str, transactions: int, seed: int, edition: str) -> list[Step]:
    chance, disk, tenant = Random(seed), _WatchedDisk(), TENANTS[edition]
    store = tenant.open(file, synchronous)
    neighbour = apsw.Connection(str(file))
    neighbour.execute(f"PRAGMA synchronous = {synchronous}")
    for number in range(1, transactions + 1):
        _steps.append(Step("begun", "", number))
        tenant.write(store, number, chance)
        _steps.append(Step("kept", "", number))
        if chance.random() < 1 / CHECKPOINT_EVERY:
            neighbour.execute(f"PRAGMA wal_checkpoint({chance.choice(CHECKPOINTS)})")
    steps = list(_steps)
    disk.unregister()
    return steps


class Disk:
    """The files as they are safe, and what is still on its way to them."""

    def __init__(self) -> None:
        self._safe: dict[str, bytearray] = {}
        self._pending: list[Step] = []
        self._entered: set[str] = set()

    def take(self, step: Step) -> None:
        if step.kind in ("begun", "kept"):
            return
        if step.kind != "sync":
            self._pending.append(step)
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
