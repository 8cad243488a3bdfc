"""The generator's processes, and the files in memory through which they report.

A worker only ever writes to files in memory: a slow reader, a stopped terminal or a busy screen
can never make it wait.
"""

import gc
import json
import mmap
import multiprocessing
import os
import signal
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import perf_counter_ns as clock_ns
from time import process_time
from typing import Any

from loadtest.crebitos.history.notes import Notes, Operation, read_notes
from loadtest.limits import TERMINATE_WAIT_S

SECOND_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Desk:
    """What one worker is given: its number, the common start, its files, the stop flag."""

    worker: int
    start_ns: int
    journal_file: int
    notes: Notes
    stop_flag: mmap.mmap

    def stopped(self) -> bool:
        return self.stop_flag[0] != 0

    def write(self, message: dict[str, Any]) -> None:
        os.write(self.journal_file, json.dumps(message).encode() + b"\n")


class Clerk:
    """Hands over each second as it ends."""

    def __init__(
        self,
        desk: Desk,
        take: Callable[[], dict[str, Any]],
        expire: Callable[[], None],
        spun_ns: Callable[[], int],
        every_ns: int,
    ) -> None:
        self._desk, self._take, self._expire, self._spun_ns = desk, take, expire, spun_ns
        self._every_ns = every_ns
        self._second_ends_ns = desk.start_ns + SECOND_NS
        self._cpu_s, self._spun_s = process_time(), 0.0

    def strike(self, now_ns: int) -> int:
        """Called by the loop between turns; returns when it wants to be called again."""
        self._expire()
        if now_ns >= self._second_ends_ns:
            self.hand_over()
            passed = (now_ns - self._desk.start_ns) // SECOND_NS
            self._second_ends_ns = self._desk.start_ns + (passed + 1) * SECOND_NS
        return min(now_ns + self._every_ns, self._second_ends_ns)

    def hand_over(self) -> None:
        cpu_s, spun_s = process_time(), self._spun_ns() / 1e9
        used = {
            "second": (self._second_ends_ns - self._desk.start_ns) // SECOND_NS - 1,
            "elapsed_s": (clock_ns() - self._desk.start_ns) / 1e9,
            "cpu_s": cpu_s - self._cpu_s,
            "spun_s": spun_s - self._spun_s,
        }
        self._desk.write(self._take() | used)
        self._cpu_s, self._spun_s = cpu_s, spun_s


class Crew:
    """Starts the workers, reads what they write, stops them."""

    def __init__(self, work: Callable[[Desk], None], workers: int, start_ns: int) -> None:
        self._stop_flag = mmap.mmap(-1, 1)
        self._journals = [os.memfd_create(f"journal-{n}") for n in range(workers)]
        self._notes_files = [
            (os.memfd_create(f"transactions-{n}"), os.memfd_create(f"statements-{n}"))
            for n in range(workers)
        ]
        self._offsets = [0] * workers
        fork = multiprocessing.get_context("fork")
        self._processes = [
            fork.Process(target=_run, args=(work, self._desk(n, start_ns))) for n in range(workers)
        ]
        for process in self._processes:
            process.start()

    def _desk(self, worker: int, start_ns: int) -> Desk:
        notes = Notes(*self._notes_files[worker])
        return Desk(worker, start_ns, self._journals[worker], notes, self._stop_flag)

    @property
    def working(self) -> bool:
        return any(process.is_alive() for process in self._processes)

    def stop(self) -> None:
        """Asks for an early end: nothing new is sent, and what is known is handed over."""
        self._stop_flag[0] = 1

    def messages(self) -> Iterator[dict[str, Any]]:
        """What was written since the last call; whole lines only."""
        for worker, file in enumerate(self._journals):
            size = os.fstat(file).st_size
            data = os.pread(file, size - self._offsets[worker], self._offsets[worker])
            lines, _, _ = data.rpartition(b"\n")
            self._offsets[worker] += len(lines) + 1 if lines else 0
            for line in lines.splitlines():
                yield json.loads(line)

    def operations(self) -> Iterator[tuple[int, Operation]]:
        for files in self._notes_files:
            yield from read_notes(*files)

    def close(self) -> None:
        """Waits for the workers' end, or makes one, and lets the files go."""
        self.stop()
        for process in self._processes:
            process.join(TERMINATE_WAIT_S)
            if process.is_alive():
                process.terminate()
                process.join()
        for file in (*self._journals, *(file for pair in self._notes_files for file in pair)):
            os.close(file)


def _run(work: Callable[[Desk], None], desk: Desk) -> None:
    # Ctrl-C belongs to the process that writes the report; it stops the workers by the flag.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        work(desk)
    except Exception:  # noqa: BLE001 - whatever it is, the report must say it
        desk.write({"crash": traceback.format_exc()})
    desk.notes.flush()
