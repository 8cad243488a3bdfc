"""The lock of those who write, among processes, and a wait for it that ends.

SQLite's own waiting sleeps for up to 100 ms between two looks; a blocking flock is woken at once.
What flock lacks is an end, so an alarm interrupts it. It is not fair: a process that asks again at
once overtakes one that sleeps. Where the lock is held for a transaction, some 20 us, that evens
out, with eight who write back to back too. Beside neighbours who hold it for milliseconds, again
and again, a wait may end in vain.
"""

import fcntl
import os
import signal
import time
from pathlib import Path
from types import FrameType, TracebackType

from rinha.errors import StoreBusyError, StoreUnavailableError, StoreUnusableError
from rinha.private import open_lock_file
from rinha.sqlite.limits import (
    LOCK_ALARM_REPEAT_S,
    LOCK_STAND_ASIDE_MAX_S,
    LOCK_TRIES_BEFORE_SLEEP,
    LOCK_WAIT_AFTER_REFUSAL_S,
)
from rinha.store import Meter


def lock_file_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.lock")


def use(file: Path) -> int:
    """A descriptor, to be closed by whoever no longer uses the file: until then nobody can put
    another one in its place."""
    try:
        return _hold(file, fcntl.LOCK_SH)
    except BlockingIOError:
        raise StoreUnusableError(f"{file}: it is being restored, try again after that") from None


def keep_out(file: Path) -> int | None:
    """A descriptor that keeps everybody from its use until it is closed; None while it is used."""
    try:
        return _hold(file, fcntl.LOCK_EX)
    except BlockingIOError:
        return None


def _hold(file: Path, how: int) -> int:
    users = file.with_name(f"{file.name}.users")
    fd = open_lock_file(users)
    try:
        fcntl.flock(fd, how | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        raise
    return fd


class _TimeUp(Exception):  # noqa: N818 - it is an event, not an error
    pass


class _Wait:
    """Whether this process waits now; the alarm is the process's, and so is this."""

    now = False


def _on_alarm(_signal: int, _frame: FrameType | None) -> None:
    if _Wait.now:
        _Wait.now = False
        raise _TimeUp


class WriteLock:
    """For the main thread only, as only that one is interrupted by an alarm."""

    def __init__(self, path: Path, wait_s: float, noun: str) -> None:
        self._fd = open_lock_file(path)
        self._noun = noun
        self._wait_s = wait_s
        self.budget_s = wait_s
        # Told how long a turn was waited for, where somebody wants to know.
        self.meter: Meter | None = None
        signal.signal(signal.SIGALRM, _on_alarm)

    def set_wait(self, wait_s: float) -> None:
        self._wait_s = self.budget_s = wait_s

    def close(self) -> None:
        os.close(self._fd)

    def refused(self) -> StoreBusyError:
        """Notes that a wait was in vain, so that those queued behind it do not wait as long."""
        self.budget_s = min(self._wait_s, LOCK_WAIT_AFTER_REFUSAL_S)
        return StoreBusyError(
            f"the {self._noun} was busy for {self._wait_s:g} s, nothing was written: try again"
        )

    def granted(self) -> None:
        self.budget_s = self._wait_s

    def __enter__(self) -> None:
        try:
            if not self._is_free():
                self._take_turn()
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

    def _take_turn(self) -> None:
        began_at = time.monotonic()
        try:
            for _ in range(LOCK_TRIES_BEFORE_SLEEP):
                os.sched_yield()
                if self._is_free():
                    return
                if time.monotonic() > began_at + LOCK_STAND_ASIDE_MAX_S:
                    break
            self._wait()
        finally:
            if self.meter:
                self.meter.wait_us = int((time.monotonic() - began_at) * 1e6)

    def _wait(self) -> None:
        try:
            _Wait.now = True
            signal.setitimer(signal.ITIMER_REAL, self.budget_s, LOCK_ALARM_REPEAT_S)
            fcntl.flock(self._fd, fcntl.LOCK_EX)
            _Wait.now = False
        except _TimeUp:
            # The alarm may ring just after the lock was granted.
            fcntl.flock(self._fd, fcntl.LOCK_UN)
            raise self.refused() from None
        finally:
            _Wait.now = False
            signal.setitimer(signal.ITIMER_REAL, 0)
