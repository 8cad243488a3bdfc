"""Durable commits for FULL: one sync of the WAL serves all commits in it.

SQLite by itself syncs within each commit, while all other writers wait for the lock. Here a commit
only writes, as with NORMAL, and the sync comes after the lock is released. It covers all commits
that are in the WAL by then, also those of other instances.
"""

from contextlib import AbstractContextManager
from functools import partial
from types import TracebackType

from rinha.errors import OutcomeUnknownError, StoreUnavailableError
from rinha.sqlite.wal_repair import Wal
from rinha.store import Sync

NOT_DURABLE = "written, but a power cut may undo it: read the state before you send it again"


class SyncedWriting:
    """Transactions that are durable when they end. If syncs are shared, each yields the sync that
    makes it durable."""

    def __init__(self, transaction: AbstractContextManager[object], wal: Wal) -> None:
        self._transaction = transaction
        # In doubt at first: writes of an earlier process may have been lost in a failed sync. Linux
        # reports that error to that process only.
        self._wal = wal
        self.is_shared = False
        # Commits of this process, and how many of them are durable.
        self._committed = 0
        self._durable = 0

    def close(self) -> None:
        self._wal.close()

    def __enter__(self) -> Sync | None:
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
            self._durable = self._committed
        return partial(self._make_durable, self._committed + 1) if self.is_shared else None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._transaction.__exit__(kind, failure, traceback)
        if failure is None:
            self._committed += 1
            if not self.is_shared:
                self._make_durable(self._committed)

    def _make_durable(self, commit: int) -> None:
        """Syncs the WAL, unless a later sync already made this commit durable."""
        if commit <= self._durable:
            return
        # After a failed sync another one succeeds without effect.
        if self._wal.in_doubt:
            raise OutcomeUnknownError(NOT_DURABLE)
        reached = self._committed
        try:
            self._wal.sync()
        except OSError as error:
            raise OutcomeUnknownError(f"{NOT_DURABLE} ({error})") from error
        self._durable = reached
