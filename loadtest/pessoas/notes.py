"""Notes of every post and every search, written while the load runs."""

from collections.abc import Iterator

import msgspec

from loadtest.drive.memory import MemoryFile
from loadtest.limits import NOTES_BUFFERED_MAX


class Posted(msgspec.Struct, tag=1, array_like=True, gc=False):
    """The status or failure of a post, and the path of a person who was added."""

    place: int
    code: int
    answered_ns: int
    path: str


class Searched(msgspec.Struct, tag=2, array_like=True, gc=False):
    """The places of the people whom a search shows, without people who were never sent."""

    termo: str
    sent_ns: int
    found: list[int]


Note = Posted | Searched


class Notes:
    """Notes that a worker writes into a file in memory; they are read after the load."""

    def __init__(self) -> None:
        self._file = MemoryFile()
        self._buffered: list[Note] = []

    def add(self, note: Note) -> None:
        self._buffered.append(note)
        if len(self._buffered) >= NOTES_BUFFERED_MAX:
            self.flush()

    def flush(self) -> None:
        self._file.write(b"".join(msgspec.json.encode(note) + b"\n" for note in self._buffered))
        self._buffered.clear()

    def read(self) -> Iterator[Note]:
        decode = msgspec.json.Decoder(Note).decode
        for line in self._file.read(0, self._file.size).splitlines():
            yield decode(line)

    def close(self) -> None:
        self._file.close()
