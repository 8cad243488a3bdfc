"""With FULL: makes commits safe from a power cut, with one sync for all that are in the log.

SQLite by itself syncs within each commit, while everybody waits for the write lock. Here a commit
only writes, as with NORMAL, and the sync comes after the lock was let go. It takes the log as it is
then, so it serves every commit until then, the neighbours' too.
"""

from contextlib import AbstractContextManager
from types import TracebackType

from rinha.errors import OutcomeUnknownError, StoreUnavailableError
from rinha.sqlite.wal_repair import Wal

UNSAFE = "written, but not safe from a power cut: look at what is there before a retry"


class SyncedWriting:
    """Transactions that are safe when they end; or, while the syncs are shared, when whoever
    answers for one asks for it."""

    def __init__(self, transaction: AbstractContextManager[None], wal: Wal) -> None:
        self._transaction = transaction
        # In doubt at first: what a process before this one wrote last may have been lost in a sync
        # that only it saw.
        self._wal = wal
        self.is_shared = False
        # By this process; and up to which of these all are safe.
        self.committed = 0
        self._safe = 0

    def close(self) -> None:
        self._wal.close()

    def __enter__(self) -> None:
        self._transaction.__enter__()
        if self._wal.in_doubt:
            try:
                # Within a transaction, as nobody else writes to the WAL then.
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
                self.make_safe(self.committed)

    def make_safe(self, commit: int) -> None:
        """Nothing to do where a later one was made safe already."""
        if commit <= self._safe:
            return
        # Another sync would succeed and mean nothing.
        if self._wal.in_doubt:
            raise OutcomeUnknownError(UNSAFE)
        reached = self.committed
        try:
            self._wal.sync()
        except OSError as error:
            raise OutcomeUnknownError(f"{UNSAFE} ({error})") from error
        self._safe = reached
