"""Repairs a write-ahead log (WAL) after a failed sync, which SQLite does not do.

Linux reports a failed write once to each open file, and takes the lost pages for written. The next
sync succeeds without effect, and so does one on a descriptor that was opened after the report.
SQLite tries again all the same: from a WAL with a hole it copies frames into the file. It does not
copy again the frames up to `nBackfill`, which earlier checkpoints copied without a sync. The next
writer restarts the WAL, and a power cut then takes what was in those frames.

So a process is in doubt at first, and after each error of a sync or a checkpoint. Before its next
checkpoint it writes the WAL again, syncs it, and sets `nBackfill` to 0, as a recovery does. From
then on any checkpoint, of any process, copies all frames again. No writer restarts the WAL until
the file was synced on a descriptor that was open all the time. `nBackfill` is in the WAL's index,
which is shared memory, so it outlives a killed process.

The layout of the index, and its locks, are part of SQLite's file format:
https://sqlite.org/walformat.html
"""

import contextlib
import fcntl
import os
import struct
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import ClassVar, NamedTuple

import apsw

from rinha.errors import WalBrokenError
from rinha.sqlite.limits import WAL_PIECE_BYTES
from rinha.sqlite.wal import FRAME, HEADER, Sums, WalHeader, read_header, sums_after

INDEX = struct.Struct("=14xHI4xII8s")
INDEX_COPY_BYTES = 48
BACKFILL_AT = 96
WRITE_LOCK_AT, CHECKPOINT_LOCK_AT = 120, 121
DESCRIPTORS = Path("/proc/self/fd")

NO_WAITING: AbstractContextManager[None] = contextlib.nullcontext()


class _Index(NamedTuple):
    """Content of the WAL's index: page size, frame count, checksums of the last frame, salts."""

    page_bytes: int
    frames: int
    sums: Sums
    salts: bytes


class Wal:
    """A WAL that a connection of this process has open."""

    # Descriptors of this class. Any other descriptor on the same file is SQLite's.
    _ours: ClassVar[set[int]] = set()
    # Descriptors of indexes. They stay open while the file exists: a close would release SQLite's
    # locks on it.
    _shared: ClassVar[dict[tuple[int, int], int]] = {}
    # The locks of the WAL belong to a descriptor, which all threads of this process share. So this
    # lock excludes those.
    _settling: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, connection: apsw.Connection) -> None:
        self._name = connection.filename_wal
        self._index_name = f"{connection.filename}-shm"
        self._fd = -1
        self.in_doubt = True

    def close(self) -> None:
        if self._fd >= 0:
            self._ours.discard(self._fd)
            os.close(self._fd)
            self._fd = -1

    def sync(self) -> None:
        try:
            os.fdatasync(self._opened())
        except OSError:
            self.in_doubt = True
            raise

    def write_again(self) -> None:
        """Makes all frames durable, even those whose sync failed before.

        It runs within a transaction, so that no other process replaces a frame."""
        # Fails first if the disk still fails: then no writer waits for the rest.
        os.fdatasync(self._opened())
        self._write_again(_read(self._opened_index()))
        self.in_doubt = False

    def settle(self, writers_waiting: AbstractContextManager[None] = NO_WAITING) -> None:
        """Makes the WAL durable, and the next checkpoint begin with the first frame. Raises
        BlockingIOError if another process writes to the WAL or runs a checkpoint.

        Writers wait for the first step only. After it no writer restarts the WAL, as `nBackfill` is
        0 and no checkpoint can begin. So its frames stay in place."""
        index = self._opened_index()
        with self._alone_in_this_process(), _locked(index, CHECKPOINT_LOCK_AT):
            with writers_waiting, _locked(index, WRITE_LOCK_AT):
                known = _read(index)
                os.pwrite(index, bytes(4), BACKFILL_AT)
            self._write_again(known)
            # Set before the lock is released: an error of another thread after that must count.
            self.in_doubt = False

    @contextlib.contextmanager
    def _alone_in_this_process(self) -> Iterator[None]:
        if not self._settling.acquire(blocking=False):
            raise BlockingIOError
        try:
            yield
        finally:
            self._settling.release()

    def _opened(self) -> int:
        if self._fd < 0:
            fd = os.open(self._name, os.O_RDWR | os.O_CLOEXEC)
            self._ours.add(fd)
            self._fd = fd
        return self._fd

    def _opened_index(self) -> int:
        for key, fd in list(self._shared.items()):
            if not os.fstat(fd).st_nlink:
                os.close(self._shared.pop(key))
        status = os.stat(self._index_name)  # noqa: PTH116 - a name, as SQLite has it
        key = (status.st_dev, status.st_ino)
        if key not in self._shared:
            self._shared[key] = os.open(self._index_name, os.O_RDWR | os.O_CLOEXEC)
        return self._shared[key]

    def _write_again(self, index: _Index) -> None:
        fd = self._opened()
        self._assert_is_sqlites(fd)
        if index.frames:
            data = os.pread(fd, HEADER.size, 0)
            header = read_header(data)
            expected = (index.page_bytes, index.salts)
            if header is None or (header.page_bytes, header.salts) != expected:
                raise self._broken(0, index)
            os.pwrite(fd, data, 0)
            self._write_frames_again(fd, header, index)
        os.fdatasync(fd)

    def _write_frames_again(self, fd: int, header: WalHeader, index: _Index) -> None:
        sums: Sums | None = header.sums
        frame_bytes = FRAME.size + index.page_bytes
        at_once = max(1, WAL_PIECE_BYTES // frame_bytes)
        for first in range(0, index.frames, at_once):
            last = min(first + at_once, index.frames)
            place = HEADER.size + first * frame_bytes
            piece = os.pread(fd, (last - first) * frame_bytes, place)
            for number in range(first, last):
                frame = piece[(number - first) * frame_bytes :][:frame_bytes]
                sums = sums and sums_after(frame, header, sums)
                if sums is None or (number + 1 == index.frames and sums != index.sums):
                    raise self._broken(number + 1, index)
            os.pwrite(fd, piece, place)

    def _assert_is_sqlites(self, fd: int) -> None:
        """Refuses a file that replaced the WAL that SQLite has open: its sync would have no
        effect."""
        ours = os.fstat(fd)
        for name in os.listdir(DESCRIPTORS):  # noqa: PTH208 - takes a third of the time
            # The listing's own descriptor is closed by now.
            with contextlib.suppress(OSError):
                is_sqlites = int(name) not in self._ours
                if is_sqlites and os.path.samestat(ours, os.fstat(int(name))):
                    return
        raise WalBrokenError(
            f"{self._name}: moved away or replaced under the instance, nothing was written: "
            "stop all instances, and put back the file that was there"
        )

    def _broken(self, frame: int, index: _Index) -> WalBrokenError:
        return WalBrokenError(
            f"{self._name}: frame {frame} of {index.frames} cannot be read back as it was written, "
            "the disk lost it; nothing was written. Keep a copy of the files, then stop all "
            "instances and start them again: the ledger goes back to the frame before"
        )


def _read(index: int) -> _Index:
    found = os.pread(index, 2 * INDEX_COPY_BYTES, 0)
    if found[:INDEX_COPY_BYTES] != found[INDEX_COPY_BYTES:]:
        # A process died while it wrote this. The next reader rebuilds the index.
        raise BlockingIOError
    size, frames, *sums, salts = INDEX.unpack_from(found)
    return _Index((size & 0xFE00) | (size & 1) << 16, frames, (sums[0], sums[1]), salts)


@contextlib.contextmanager
def _locked(index: int, place: int) -> Iterator[None]:
    """Holds a lock of the WAL by descriptor, which excludes other connections of this process
    too."""

    def lock(kind: int) -> None:
        request = struct.pack("hhqqi4x", kind, os.SEEK_SET, place, 1, 0)
        fcntl.fcntl(index, fcntl.F_OFD_SETLK, request)

    lock(fcntl.F_WRLCK)
    try:
        yield
    finally:
        lock(fcntl.F_UNLCK)
