"""What became of each post and each search, written down while the load runs."""

from collections.abc import Iterator

import msgspec

from loadtest.drive.memory import MemoryFile

NOTES_KEPT_MAX = 200  # before they are written out: 20 kB, 100 us


class Posted(msgspec.Struct, tag=1, array_like=True, gc=False):
    """The status of a post, or why there is none; of one who was added, where."""

    place: int
    code: int
    answered_ns: int
    path: str


class Searched(msgspec.Struct, tag=2, array_like=True, gc=False):
    """The places of those found; of them who never was sent none is noted."""

    termo: str
    sent_ns: int
    found: list[int]


Note = Posted | Searched


class Notes:
    """Written by a worker into a file in memory, which is read once the load is over."""

    def __init__(self) -> None:
        self._file = MemoryFile()
        self._kept: list[Note] = []

    def add(self, note: Note) -> None:
        self._kept.append(note)
        if len(self._kept) >= NOTES_KEPT_MAX:
            self.flush()

    def flush(self) -> None:
        self._file.write(b"".join(msgspec.json.encode(note) + b"\n" for note in self._kept))
        self._kept.clear()

    def read(self) -> Iterator[Note]:
        decode = msgspec.json.Decoder(Note).decode
        for line in self._file.read(0, self._file.size).splitlines():
            yield decode(line)

    def close(self) -> None:
        self._file.close()
