"""Group commit: one transaction of the file for all requests that an instance reads together.

The lock, the commit's frames in the WAL and, with FULL, its sync cost more than the changes
themselves. So the first request of a group begins a transaction, the next ones join it, and it is
committed once. Nobody may see an answer before: rinha/group_commit.py delays them all.

A request is alone if none came shortly before it. Its transaction ends with it, so it waits for no
other. So does each transaction outside of a serving instance, and after a failed commit each one
until one succeeds: their errors are then answered in full.

SQLite by itself syncs within the commit, while all other writers wait for the lock. Here a commit
only writes, as with NORMAL, and with FULL the sync comes after the lock is released.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

import apsw

from rinha.errors import RETRY, OutcomeUnknownError, RinhaError, StoreUnavailableError
from rinha.sqlite.limits import (
    GROUP_ALONE_S,
    GROUP_PAUSES,
    GROUP_S_MAX,
    GROUP_TRANSACTIONS_MAX,
    GROUP_WAIT_S_MAX,
    GROUP_WAIT_SHARE,
    SYNCS_AVERAGED,
)
from rinha.sqlite.lock import WriteLock
from rinha.sqlite.wal_repair import Wal
from rinha.store import Meter

NOT_DURABLE = f"written, but a power cut may undo it: {RETRY}"
UNDONE = "undone with a request that failed and was to be committed with it: try again"


class Group:
    """Requests that share a transaction."""

    def __init__(self, writing: "Writing", began_at: float) -> None:
        self._writing = writing
        self.began_at = began_at
        self.transactions = 0
        self.writes = 0
        self.is_committed = False
        self.failure: RinhaError | None = None
        wait_s = min(writing.sync_s * GROUP_WAIT_SHARE, GROUP_WAIT_S_MAX)
        self._waits_until = time.monotonic() + wait_s if wait_s else 0.0
        self._pause_s = wait_s / GROUP_PAUSES

    def pause(self) -> bool:
        """Sleeps for a part of the time in which others may join; tells if it was not over."""
        if self._writing.group is not self or time.monotonic() >= self._waits_until:
            return False
        time.sleep(self._pause_s)
        return True

    def end(self) -> None:
        """Commits the group unless that is done, and raises if what it wrote may be lost."""
        if self._writing.group is self:
            self._writing.end_group()
        if not self.is_committed:
            failure = self.failure or OutcomeUnknownError("the commit was interrupted")
            raise failure.with_traceback(None)


class Writing:
    """`with writing: ...` is the part of one request in the transaction of its group."""

    def __init__(
        self,
        connection: apsw.Connection,
        lock: WriteLock,
        wal: Wal | None,
        assert_in_place: Callable[[float], None],
        error_of: Callable[[apsw.Error], RinhaError],
    ) -> None:
        self._connection = connection
        self._execute = connection.execute
        self._lock = lock
        self._assert_in_place = assert_in_place
        self._error_of = error_of
        # With FULL only. In doubt at first: writes of an earlier process may have been lost in a
        # failed sync. Linux reports that error to that process only.
        self._wal = wal
        self.group: Group | None = None
        self.may_group = False
        self.meter: Meter | None = None
        self._has_failed = False
        self._is_alone = True
        # Last request, also one that only reads: the next may not be alone.
        self.used_at = 0.0
        self._changes_before = 0
        # Moving average of the time that a sync takes; 0 with NORMAL.
        self.sync_s = 0.0

    def close(self) -> None:
        self.end_group()
        if self._wal:
            self._wal.close()

    def __enter__(self) -> None:
        now = time.monotonic()
        group = self.group
        if group is not None and now - group.began_at > GROUP_S_MAX:
            self.end_group()
            group = None
        if group is None:
            self._begin(now)
        self.used_at = now
        self._changes_before = self._connection.total_changes()

    def __exit__(
        self,
        _type: type[BaseException] | None,
        failure: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        group = self.group
        assert group is not None
        group.transactions += 1
        if failure is None:
            group.writes += 1
        elif self._changed_something():
            self._undo(group)
        is_full = self._is_alone or group.transactions == GROUP_TRANSACTIONS_MAX
        if is_full and self.group is group:
            self.end_group()
            # A refusal depends on what its group wrote.
            if group.writes:
                group.end()
        # A broken constraint is a bug of this program, so its error is raised unchanged.
        if isinstance(failure, apsw.Error) and not isinstance(failure, apsw.ConstraintError):
            raise self._error_of(failure) from failure

    def after_failed_read(self) -> None:
        """SQLite may have rolled back the transaction in which a statement failed."""
        if self.group and not self._connection.in_transaction:
            self._undo(self.group)

    def end_group(self) -> None:
        """Commits the group, if one is open. Only its own requests get its error."""
        group = self.group
        if group is None:
            return
        began_at = time.monotonic()
        committed_at = began_at
        try:
            self._commit()
            committed_at = time.monotonic()
            if self._wal and group.writes:
                self._wal.sync()
                self.sync_s += (time.monotonic() - committed_at - self.sync_s) / SYNCS_AVERAGED
            group.is_committed = True
        except apsw.Error as error:
            group.failure = self._error_of(error)
            group.failure.__cause__ = error
        except OSError as error:
            group.failure = OutcomeUnknownError(f"{NOT_DURABLE} ({error})")
            group.failure.__cause__ = error
        self._has_failed = not group.is_committed
        self.used_at = time.monotonic()
        if self.meter and group.failure:
            self.meter.group_failed()
        elif self.meter:
            sync_us = round((self.used_at - committed_at) * 1e6) if self._wal else None
            self.meter.grouped(group.transactions, round((committed_at - began_at) * 1e6), sync_us)

    def settle(self) -> None:
        """Repairs the WAL of an earlier process while others write, as it may be long. If another
        process runs a checkpoint, the next transaction repairs it."""
        if self._wal and self._wal.in_doubt:
            try:
                # Fails first if the disk still fails.
                self._wal.sync()
                with suppress(BlockingIOError):
                    self._wal.settle(self._lock)
            except OSError as error:
                raise _not_synced(error) from error

    def _begin(self, now: float) -> None:
        self._assert_in_place(now)
        self.settle()
        self._lock.__enter__()
        try:
            self._execute("BEGIN IMMEDIATE")
            if self._wal and self._wal.in_doubt:
                # Within a transaction, so that no other process writes to the WAL.
                self._wal.write_again()
        except BaseException as error:
            self._rollback()
            if isinstance(error, apsw.Error):
                raise self._error_of(error) from error
            if isinstance(error, OSError):
                raise _not_synced(error) from error
            raise
        self._lock.granted()
        self._is_alone = (
            not self.may_group or self._has_failed or now - self.used_at > GROUP_ALONE_S
        )
        self.group = Group(self, now)

    def _commit(self) -> None:
        try:
            self._execute("COMMIT")
        finally:
            self._rollback()

    def _rollback(self) -> None:
        """Ends the transaction where it is not committed, and releases the lock in any case."""
        self.group = None
        try:
            if self._connection.in_transaction:
                # If even that fails, the next BEGIN fails too, and tells why.
                with suppress(apsw.Error):
                    self._execute("ROLLBACK")
        finally:
            self._lock.__exit__(None, None, None)

    def _changed_something(self) -> bool:
        """Tells if a failed request left its group changed; a refusal does not."""
        is_changed = self._connection.total_changes() != self._changes_before
        return is_changed or not self._connection.in_transaction

    def _undo(self, group: Group) -> None:
        group.failure = StoreUnavailableError(UNDONE)
        self._rollback()
        if self.meter:
            self.meter.group_failed()


def _not_synced(error: OSError) -> StoreUnavailableError:
    return StoreUnavailableError(
        f"the write-ahead log cannot be synced now ({error}), nothing was written: try again"
    )
