"""Writes standard error from a thread, so that a blocked reader of the log delays nothing.

`sys.stderr` becomes a queue of whole lines. Lines that do not fit are dropped and counted, and
their count is logged once the reader continues.
"""

import faulthandler
import io
import os
import select
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

from rinha.settings import LOG_LINES_WAITING_MAX

Item = bytes | threading.Event


class LogWriter(io.TextIOBase):
    def __init__(self, fd: int, dropped: Callable[[int], None]) -> None:
        """Starts the thread. It calls `dropped` with the number of lines that were dropped."""
        super().__init__()
        self._fd = fd
        self._log_dropped = dropped
        self._queue: SimpleQueue[Item] = SimpleQueue()
        self._lock = threading.Lock()
        self._unfinished = ""
        # Both only grow: `_dropped` under the lock, `_reported` in the thread. So no line is missed
        # or counted twice.
        self._dropped = 0
        self._reported = 0
        threading.Thread(target=self._write_lines, name="log", daemon=True).start()

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        with self._lock:
            *lines, self._unfinished = (self._unfinished + text).split("\n")
            for line in lines:
                if self._queue.qsize() >= LOG_LINES_WAITING_MAX:
                    self._dropped += 1
                else:
                    self._queue.put(f"{line}\n".encode(errors="backslashreplace"))
        return len(text)

    def finish(self, within_s: float) -> None:
        """Waits until all lines so far are written, at most `within_s`."""
        written = threading.Event()
        self._queue.put(written)
        written.wait(within_s)

    def _write_lines(self) -> None:
        # Signals are for the thread that waits for them.
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        is_read = True
        while True:
            item = self._queue.get()
            if isinstance(item, bytes):
                is_read = self._write_line(item)
            if is_read and self._dropped > self._reported and self._queue.empty():
                lines = self._dropped - self._reported
                self._reported += lines
                self._log_dropped(lines)
                if isinstance(item, threading.Event):
                    # Behind the line that this has just added.
                    self._queue.put(item)
                    continue
            if isinstance(item, threading.Event):
                item.set()

    def _write_line(self, line: bytes) -> bool:
        try:
            _write_all(self._fd, line)
        except OSError:
            # The reader is gone, or the disk is full.
            with self._lock:
                self._dropped += 1
            return False
        return True


def without_c_code(fd: int) -> int:
    """Returns another descriptor of this file, and discards what C code writes to this one. bjoern
    writes a line for each client that vanishes: no JSON, without a limit, and it waits for the
    reader. Of a crash of C code the log has Python's stack."""
    own = os.dup(fd)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), fd)
    faulthandler.enable(own)
    return own


def _write_all(fd: int, line: bytes) -> None:
    while line:
        try:
            line = line[os.write(fd, line) :]
        except BlockingIOError:
            # Another process that has this pipe made it non-blocking.
            select.select([], [fd], [])
