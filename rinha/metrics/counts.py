"""Counters of one instance, in a file that every instance can read and that outlives the instance.

The library for this is prometheus-client, and it writes the text that Prometheus reads. Counting
with its multi-process mode takes 4.7 us a request, additions in mapped memory take 0.5 us.
"""

import json
import mmap
import os
import struct
from collections.abc import Sequence
from pathlib import Path

from rinha.metrics.families import Key

SUFFIX = ".counts"
_WORD = 8


class Counts:
    """Counters that one process writes: `words[slot[key]] += 1`. A restarted one continues them."""

    def __init__(self, path: Path, keys: Sequence[Key]) -> None:
        head = _head(keys)
        size = len(head) + len(keys) * _WORD
        if (
            not path.exists()
            or path.stat().st_size != size
            or path.read_bytes()[: len(head)] != head
        ):
            # A reader sees the old file or the new one, never half of one.
            fresh = path.with_name(f"{path.name}.{os.getpid()}")
            fresh.write_bytes(head + bytes(len(keys) * _WORD))
            fresh.replace(path)
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), size)
        self.words = memoryview(self._memory)[len(head) :].cast("q")
        self.slot = {key: place for place, key in enumerate(keys)}


def read_all(folder: Path) -> dict[str, dict[Key, int]]:
    """Returns the counters of every instance that ever ran here, by its name."""
    return {
        path.name.removesuffix(SUFFIX): read_counts(path)
        for path in sorted(folder.glob(f"*{SUFFIX}"))
    }


def read_counts(path: Path) -> dict[Key, int]:
    data = path.read_bytes()
    (length,) = struct.unpack_from("<q", data)
    keys = json.loads(data[_WORD : _WORD + length])
    words = struct.unpack_from(f"<{len(keys)}q", data, _WORD + length)
    return {tuple(key): word for key, word in zip(keys, words, strict=True)}


def _head(keys: Sequence[Key]) -> bytes:
    text = json.dumps(keys).encode()
    text += b" " * (-len(text) % _WORD)
    return struct.pack("<q", len(text)) + text
