"""Counters of one instance, in a file that every instance can read and that outlives the instance.

The library for this is prometheus-client, and it writes the text that Prometheus reads. Counting
with its multi-process mode takes 4.7 us a request, additions in mapped memory take 0.5 us.
"""

import json
import mmap
import os
import struct
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from rinha.metrics.families import Key

SUFFIX = ".counts"
_COUNTER_BYTES = 8


class Counts:
    """Counters that one process writes: `counters[offsets[key]] += 1`. A restarted process
    continues them."""

    def __init__(self, path: Path, keys: Sequence[Key]) -> None:
        head = _head(keys)
        size = len(head) + len(keys) * _COUNTER_BYTES
        if (
            not path.exists()
            or path.stat().st_size != size
            or path.read_bytes()[: len(head)] != head
        ):
            # A reader sees the old file or the new one, never half of one.
            fresh = path.with_name(f"{path.name}.{os.getpid()}")
            try:
                fresh.write_bytes(head + bytes(len(keys) * _COUNTER_BYTES))
                fresh.replace(path)
            finally:
                fresh.unlink(missing_ok=True)
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), size)
        self.counters = memoryview(self._memory)[len(head) :].cast("q")
        self.offsets = {key: place for place, key in enumerate(keys)}


def read_all(folder: Path) -> dict[str, dict[Key, int]]:
    """Returns the counters of every instance that ever ran here, by its name."""
    found = {}
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        # A power cut may leave an empty file of an instance that does not run any more. The file of
        # an instance that has ended for good is removed.
        with suppress(FileNotFoundError, ValueError, struct.error):
            found[path.name.removesuffix(SUFFIX)] = read_counts(path)
    return found


def read_counts(path: Path) -> dict[Key, int]:
    data = path.read_bytes()
    (length,) = struct.unpack_from("<q", data)
    keys = json.loads(data[_COUNTER_BYTES : _COUNTER_BYTES + length])
    values = struct.unpack_from(f"<{len(keys)}q", data, _COUNTER_BYTES + length)
    return {tuple(key): value for key, value in zip(keys, values, strict=True)}


def _head(keys: Sequence[Key]) -> bytes:
    text = json.dumps(keys).encode()
    text += b" " * (-len(text) % _COUNTER_BYTES)
    return struct.pack("<q", len(text)) + text
