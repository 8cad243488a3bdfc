"""Notes that a worker makes while the load runs, and the reporting process reads afterwards."""

from typing import Any, Generic, TypeVar

import msgspec

from loadtest.drive.memory import MemoryFile
from loadtest.limits import NOTES_BUFFERED_MAX

NoteT = TypeVar("NoteT")


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

    def close(self) -> None:
        self._file.close()
