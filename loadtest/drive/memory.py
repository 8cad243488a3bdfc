"""A file in memory, which a worker writes and the reporting process reads.

A write never blocks: not on a disk, a slow reader, a stopped terminal or a busy screen.
"""

import os
import weakref


class MemoryFile:
    """An anonymous file, created before the worker is forked, so that both processes have it."""

    def __init__(self) -> None:
        self._file = os.memfd_create("loadtest")
        # Frees the memory with the last reference, also where nothing closes it.
        self.close = weakref.finalize(self, os.close, self._file)

    def write(self, data: bytes) -> None:
        os.write(self._file, data)

    @property
    def size(self) -> int:
        return os.fstat(self._file).st_size

    def read(self, offset: int, size: int) -> bytes:
        return os.pread(self._file, size, offset)
