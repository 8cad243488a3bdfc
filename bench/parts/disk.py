"""Time of one fsync on the disk that holds the data."""

import os
import time
from pathlib import Path

# A commit of the service writes about this much to the WAL.
BLOCK = b"x" * 4096
FILE_BLOCKS = 1000
# Half a second where an fsync takes 2 ms.
SYNCS = 250


def fsync_times_ms(folder: Path) -> list[float]:
    """Times of single blocks written over a file of constant size, as a WAL is written."""
    path = folder / "fsync"
    path.write_bytes(BLOCK * FILE_BLOCKS)
    times_ms = []
    with path.open("r+b", buffering=0) as file:
        os.fsync(file.fileno())
        for _ in range(SYNCS):
            file.write(BLOCK)
            started_at = time.perf_counter()
            os.fdatasync(file.fileno())
            times_ms.append((time.perf_counter() - started_at) * 1000)
    path.unlink()
    return times_ms


def file_system_of(folder: Path) -> str:
    """Returns type and device: a file system in memory makes fsync free."""
    found = ("", "?")
    for line in Path("/proc/mounts").read_text().splitlines():
        device, mount, kind = line.split()[:3]
        if folder.resolve().is_relative_to(mount) and len(mount) >= len(found[0]):
            found = (mount, f"{kind} on {device}")
    return found[1]
