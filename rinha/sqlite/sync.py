"""With FULL: makes commits safe from a power cut, with one sync for all that are in the log.

SQLite by itself syncs within each commit, while everybody waits for the write lock. Here a commit
only writes, as with NORMAL, and the sync comes after the lock was let go. It takes the log as it is
then, so it serves every commit until then, the neighbours' too.
"""

import os
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType

from rinha.errors import OutcomeUnknownError, StoreUnavailableError
from rinha.sqlite.limits import LOG_PIECE_BYTES

UNSAFE = "written, but not safe from a power cut: look at what is there before a retry"


class SyncedWriting:
    """Transactions that are safe when they end; or, while the syncs are shared, when whoever
    answers for one asks for it."""

    def __init__(self, transaction: AbstractContextManager[None], file: Path) -> None:
        self._transaction = transaction
        self._log = f"{file}-wal"
        self._log_fd = -1
        self.is_shared = False
        # By this process; and up to which of these all are safe.
        self.committed = 0
        self._safe = 0
        # What a process before this one wrote last may have been lost in a sync that only it saw.
        self._in_doubt = True

    def close(self) -> None:
        if self._log_fd >= 0:
            os.close(self._log_fd)

    def __enter__(self) -> None:
        self._transaction.__enter__()
        if self._in_doubt:
            try:
                self._write_again()
            except OSError as error:
                self._transaction.__exit__(type(error), error, None)
                raise StoreUnavailableError(
                    f"the log cannot be made safe now ({error}), nothing was written: try again"
                ) from error

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._transaction.__exit__(kind, failure, traceback)
        if failure is None:
            self.committed += 1
            if not self.is_shared:
                self.make_safe(self.committed)

    def make_safe(self, commit: int) -> None:
        """Nothing to do where a later one was made safe already."""
        if commit <= self._safe:
            return
        # The system reports a failed sync once, to each process that has the log open, and takes
        # what it lost for written: another sync of the same would succeed and mean nothing.
        if self._in_doubt:
            raise OutcomeUnknownError(UNSAFE)
        reached = self.committed
        try:
            os.fdatasync(self._log_fd)
        except OSError as error:
            self._in_doubt = True
            raise OutcomeUnknownError(f"{UNSAFE} ({error})") from error
        self._safe = reached

    def _write_again(self) -> None:
        """At first, and after a failed sync: the whole log as it was, so that a sync means it.
        Within a transaction, as nobody else writes to the log then. SQLite made it by then, and
        does not remove it while this process has the file open."""
        if self._log_fd < 0:
            self._log_fd = os.open(self._log, os.O_RDWR | os.O_CLOEXEC)
        place = 0
        while piece := os.pread(self._log_fd, LOG_PIECE_BYTES, place):
            place += os.pwrite(self._log_fd, piece, place)
        os.fdatasync(self._log_fd)
        self._in_doubt, self._safe = False, self.committed
