"""Samples of a running stack: WAL, memory and descriptors, and the growth of the memory."""

import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tests.help.running import Stack

SAMPLE_EVERY_S = 5.0
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
MEGABYTE = 1_000_000


class Sample(NamedTuple):
    at_s: float
    wal_bytes: int
    memory_bytes: int
    descriptors: int


def sample(stack: Stack, since_s: float) -> Sample:
    """Returns a sample of nginx, its workers and the instances together."""
    pids = [stack.nginx.pid, *stack.nginx_workers()]
    pids += [instance.pid for instance in stack.instances]
    resident = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids]
    open_files = [len(os.listdir(f"/proc/{pid}/fd")) for pid in pids]  # noqa: PTH208
    wal = stack.file.with_name("rinha.db-wal")
    return Sample(
        time.monotonic() - since_s,
        wal.stat().st_size,
        sum(resident) * PAGE_BYTES,
        sum(open_files),
    )


@dataclass
class Sampler:
    """Takes a sample every few seconds, in the background."""

    stack: Stack
    samples: list[Sample] = field(default_factory=list)

    def __enter__(self) -> "Sampler":
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        since_s = time.monotonic()
        while not self._stop.wait(SAMPLE_EVERY_S):
            self.samples.append(sample(self.stack, since_s))

    def after(self, share: float) -> list[Sample]:
        """Returns the samples after this share, in which caches fill."""
        return self.samples[int(len(self.samples) * share) :]


def memory_megabytes_an_hour(samples: list[Sample]) -> float:
    """Returns the slope of the line that fits the samples best (least squares)."""
    mean_s = sum(each.at_s for each in samples) / len(samples)
    mean_bytes = sum(each.memory_bytes for each in samples) / len(samples)
    spread = sum((each.at_s - mean_s) ** 2 for each in samples)
    together = sum((each.at_s - mean_s) * (each.memory_bytes - mean_bytes) for each in samples)
    return together / spread * 3600 / MEGABYTE
