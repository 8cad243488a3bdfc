"""Write lock among processes, with a timeout.

SQLite's own wait sleeps for up to 100 ms between two tries; a blocking flock wakes up at once.
flock has no timeout, so an alarm interrupts it. The lock is not fair: a process that asks again at
once overtakes one that sleeps. A transaction holds it for some 20 us, so this evens out, even with
eight processes that write back to back. If others hold it for milliseconds again and again, a wait
may time out.
"""

import fcntl
import os
import signal
import time
from pathlib import Path
from types import FrameType, TracebackType

from rinha.errors import StoreBusyError, StoreUnavailableError
from rinha.private import open_lock_file
from rinha.sqlite.limits import (
    LOCK_ALARM_REPEAT_S,
    LOCK_TRIES_BEFORE_SLEEP,
    LOCK_WAIT_AFTER_REFUSAL_S,
    LOCK_YIELD_MAX_S,
)
from rinha.store import Meter


def lock_file_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.lock")


class _TimeUp(Exception):  # noqa: N818 - it is an event, not an error
    pass


class _Wait:
    """State of the process: `now` is True while it waits. A process has one alarm, so one state."""

    now = False


def _on_alarm(_signal: int, _frame: FrameType | None) -> None:
    if _Wait.now:
        _Wait.now = False
        raise _TimeUp


class WriteLock:
    """Lock for the main thread only: the alarm interrupts no other thread."""

    def __init__(self, path: Path, wait_s: float, noun: str) -> None:
        self._fd = open_lock_file(path)
        self._noun = noun
        self._wait_s = wait_s
        self.budget_s = wait_s
        # Counts the waits for the lock, if metrics are on.
        self.meter: Meter | None = None
        signal.signal(signal.SIGALRM, _on_alarm)

    def set_wait(self, wait_s: float) -> None:
        self._wait_s = self.budget_s = wait_s

    def close(self) -> None:
        os.close(self._fd)

    def refused(self) -> StoreBusyError:
        """Returns the error of a timeout, and shortens the next waits: requests in the queue must
        not each wait the full time."""
        self.budget_s = min(self._wait_s, LOCK_WAIT_AFTER_REFUSAL_S)
        return StoreBusyError(
            f"the {self._noun} was busy for {self._wait_s:g} s, nothing was written: try again"
        )

    def granted(self) -> None:
        self.budget_s = self._wait_s

    def __enter__(self) -> None:
        try:
            if not self._is_free():
                self._take()
        except OSError as error:
            raise StoreUnavailableError(
                f"the {self._noun} cannot be locked now: {error}"
            ) from error

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        fcntl.flock(self._fd, fcntl.LOCK_UN)

    def _is_free(self) -> bool:
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _take(self) -> None:
        began_at = time.monotonic()
        try:
            for _ in range(LOCK_TRIES_BEFORE_SLEEP):
                os.sched_yield()
                if self._is_free():
                    return
                if time.monotonic() > began_at + LOCK_YIELD_MAX_S:
                    break
            self._wait()
        finally:
            if self.meter:
                self.meter.lock_waited(int((time.monotonic() - began_at) * 1e6))

    def _wait(self) -> None:
        try:
            _Wait.now = True
            signal.setitimer(signal.ITIMER_REAL, self.budget_s, LOCK_ALARM_REPEAT_S)
            fcntl.flock(self._fd, fcntl.LOCK_EX)
            _Wait.now = False
        except _TimeUp:
            # The alarm may come just after the lock was granted.
            fcntl.flock(self._fd, fcntl.LOCK_UN)
            raise self.refused() from None
        finally:
            _Wait.now = False
            signal.setitimer(signal.ITIMER_REAL, 0)
