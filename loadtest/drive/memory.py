"""Files in memory, which a worker writes and the reporting process reads.

A write never blocks: not on a disk, a slow reader, a stopped terminal or a busy screen.
"""

import os
import weakref
from typing import Any, Generic, TypeVar

import msgspec

from loadtest.limits import NOTES_BUFFERED_MAX

NoteT = TypeVar("NoteT")


class MemoryFile:
    """An anonymous file, created before the worker is forked, so that both processes have it."""

    def __init__(self) -> None:
        self._file = os.memfd_create("loadtest")
        # Frees the memory with the last reference.
        weakref.finalize(self, os.close, self._file)

    def write(self, data: bytes) -> None:
        os.write(self._file, data)

    @property
    def size(self) -> int:
        return os.fstat(self._file).st_size

    def read(self, offset: int, size: int) -> bytes:
        data = os.pread(self._file, size, offset)
        # One call reads at most 2 GB.
        while len(data) < size and (more := os.pread(self._file, size, offset + len(data))):
            data += more[: size - len(data)]
        return data


class Notes(Generic[NoteT]):
    """A file of notes in memory, one a line of JSON, written many at a time."""

    def __init__(self, note_type: Any) -> None:
        self._file = MemoryFile()
        self._buffered: list[NoteT] = []
        self._encode = msgspec.json.Encoder().encode_lines
        self._decode = msgspec.json.Decoder(note_type).decode_lines

    def add(self, note: NoteT) -> None:
        self._buffered.append(note)
        if len(self._buffered) >= NOTES_BUFFERED_MAX:
            self.flush()

    def flush(self) -> None:
        self._file.write(self._encode(self._buffered))
        self._buffered.clear()

    def read(self) -> list[NoteT]:
        """Returns all notes; a worker that was killed may leave an incomplete line."""
        data = self._file.read(0, self._file.size)
        notes: list[NoteT] = self._decode(data[: data.rfind(b"\n") + 1])
        return notes
