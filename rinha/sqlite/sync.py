"""Group commit for FULL: one sync makes all commits in the WAL durable.

SQLite by itself syncs within each commit, while all other writers wait for the lock. Here a commit
only writes, as with NORMAL, and the sync comes after the lock is released. It covers all commits
that are in the WAL by then, also those of other instances.
"""

from contextlib import AbstractContextManager
from types import TracebackType

from rinha.errors import OutcomeUnknownError, StoreUnavailableError
from rinha.sqlite.wal_repair import Wal

UNSAFE = "written, but not safe from a power cut: look at what is there before a retry"


class SyncedWriting:
    """Transactions that are durable when they end. If syncs are shared, a commit is durable only
    after a call of `make_durable`."""

    def __init__(self, transaction: AbstractContextManager[None], wal: Wal) -> None:
        self._transaction = transaction
        # In doubt at first: writes of an earlier process may have been lost in a failed sync. Linux
        # reports that error to that process only.
        self._wal = wal
        self.is_shared = False
        # Commits of this process, and how many of them are durable.
        self.committed = 0
        self._safe = 0

    def close(self) -> None:
        self._wal.close()

    def __enter__(self) -> None:
        self._transaction.__enter__()
        if self._wal.in_doubt:
            try:
                # Within a transaction, so that no other process writes to the WAL.
                self._wal.write_again()
            except (OSError, StoreUnavailableError) as error:
                self._transaction.__exit__(type(error), error, None)
                if isinstance(error, StoreUnavailableError):
                    raise
                raise StoreUnavailableError(
                    f"the write-ahead log cannot be synced now ({error}), nothing was written: "
                    "try again"
                ) from error
            self._safe = self.committed

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
                self.make_durable(self.committed)

    def make_durable(self, commit: int) -> None:
        """Syncs the WAL, unless a later sync already made this commit durable."""
        if commit <= self._safe:
            return
        # After a failed sync another one succeeds without effect.
        if self._wal.in_doubt:
            raise OutcomeUnknownError(UNSAFE)
        reached = self.committed
        try:
            self._wal.sync()
        except OSError as error:
            raise OutcomeUnknownError(f"{UNSAFE} ({error})") from error
        self._safe = reached
