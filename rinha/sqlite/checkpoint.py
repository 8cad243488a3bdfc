"""Checkpoints: a thread copies the WAL into the database file while requests go on.

SQLite by itself runs a checkpoint inside the commit that finds the WAL long, and all writers wait
for two syncs of the disk. Here a thread runs it in two steps. The first needs no lock: if no
request writes meanwhile, the next writer restarts the WAL. Under more load the WAL grows, until the
second step copies the newest frames under the write lock. SQLite syncs the file only after the last
frame. If the first step left much to sync, the file is synced between the steps.

While Litestream replicates the file, only Litestream runs checkpoints: it mistakes a restarted WAL
for the one it was reading. The thread then only syncs the WAL. This bounds what a power cut may
take, and shortens Litestream's checkpoints, for which writers wait.

After a failed sync or checkpoint the WAL is repaired first; wal_repair.py says why.
"""

import contextlib
import fcntl
import os
import resource
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import apsw

from rinha.errors import StoreUnusableError, WalBrokenError
from rinha.logs import log
from rinha.private import open_lock_file
from rinha.sqlite.limits import (
    CHECKPOINT_END_MAX_S,
    FILE_BLOCKS_UNSYNCED,
    FOREIGN_LOCK_PAUSE_S,
    TAKE_OVER_MAX_S,
    WAL_PAGES_LOCKED,
    WAL_PAGES_LONG,
    WAL_PAGES_MAX,
)
from rinha.sqlite.lock import lock_file_of
from rinha.sqlite.wal_repair import Wal
from rinha.store import Meter

TRUNCATE = "PRAGMA wal_checkpoint(TRUNCATE)"
PASSIVE = "PRAGMA wal_checkpoint(PASSIVE)"
# A connection opens the WAL at its first read.
OPEN_WAL = "PRAGMA user_version"


def _replication_lock_of(file: Path) -> Path:
    # The name that earlier versions lock: during an upgrade both versions may be running.
    return file.with_name(f"{file.name}.follower")


def take_over_checkpoints(file: Path) -> int:
    """Returns a descriptor that keeps the instances from running checkpoints until it is closed.

    Litestream may mistake a WAL that it has not read for one that it knows. So the WAL is
    truncated, and Litestream begins with a snapshot."""
    fd = _opened(_replication_lock_of(file))
    deadline = time.monotonic() + TAKE_OVER_MAX_S
    while not (_can_lock(fd, fcntl.LOCK_EX) and _truncates_wal(file)):
        if time.monotonic() > deadline:
            os.close(fd)
            raise StoreUnusableError(
                f"{file}: cannot take over its checkpoints: another process runs one, or reads on"
            )
        time.sleep(FOREIGN_LOCK_PAUSE_S)
    return fd


def _opened(path: Path) -> int:
    try:
        return open_lock_file(path)
    except OSError as error:
        raise StoreUnusableError(f"{error.filename}: {error.strerror}") from None


@contextlib.contextmanager
def _unless_replicated(replication_lock: int) -> Iterator[bool]:
    """Yields True and keeps Litestream from taking checkpoints over, or False if it has done so."""
    is_ours = _can_lock(replication_lock, fcntl.LOCK_SH)
    try:
        yield is_ours
    finally:
        if is_ours:
            fcntl.flock(replication_lock, fcntl.LOCK_UN)


def _can_lock(fd: int, how: int) -> bool:
    try:
        fcntl.flock(fd, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _truncates_wal(file: Path) -> bool:
    if not file.exists():
        return True
    try:
        connection = apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READWRITE)
        with contextlib.closing(connection), contextlib.closing(Wal(connection)) as wal:
            # This opens the WAL. A new file, or a copied snapshot, has none yet.
            if connection.pragma("journal_mode") != "wal":
                return True
            wal.settle()
            return not connection.execute(TRUNCATE).get[0]
    except (apsw.BusyError, BlockingIOError):
        return False
    except (apsw.Error, OSError) as error:
        raise StoreUnusableError(f"{file}: {error}") from None


@contextlib.contextmanager
def checkpointing(file: Path, connection: apsw.Connection, meter: Meter | None) -> Iterator[None]:
    """Keeps the WAL short, by a thread of this process or of another instance."""
    checkpointer = Checkpointer(file, meter)
    connection.set_wal_hook(checkpointer.after_commit)
    try:
        yield
    finally:
        checkpointer.close()
        checkpointer.prepare_last_close(connection)


class Checkpointer:
    """Checkpoint thread. One instance holds the lock and serves all; the others wait for the lock,
    which is free once that instance ends, in any way. While it hangs, writers run checkpoints as
    soon as the WAL has WAL_PAGES_MAX pages."""

    def __init__(self, file: Path, meter: Meter | None = None) -> None:
        self._file = file
        self._meter = meter
        self._long = threading.Event()
        self._next_try_pages = WAL_PAGES_LONG
        self._next_sync_pages = WAL_PAGES_MAX
        self._ended = False
        self._connection: apsw.Connection | None = None
        self._wal: Wal | None = None
        self._file_fd = -1
        self._synced_at_block = 0
        self._lock = _opened(file.with_name(f"{file.name}.checkpoint"))
        # One for the thread and one for the writer: neither may release the other's lock.
        self._replication_lock = _opened(_replication_lock_of(file))
        self._writers_replication_lock = _opened(_replication_lock_of(file))
        self._write_lock = _opened(lock_file_of(file))
        self._busy = threading.Lock()
        threading.Thread(target=self._run, name="checkpoint", daemon=True).start()

    def after_commit(self, connection: apsw.Connection, _database: str, wal_pages: int) -> int:
        """Runs after each commit. A failure here must not make the finished commit look failed."""
        if self._meter:
            self._meter.committed(wal_pages)
        if wal_pages < WAL_PAGES_LONG:
            self._next_try_pages = WAL_PAGES_LONG
            self._next_sync_pages = WAL_PAGES_MAX
        elif wal_pages >= self._next_try_pages:
            self._next_try_pages = max(WAL_PAGES_LOCKED, wal_pages + WAL_PAGES_LONG)
            self._wal = self._wal or Wal(connection)
            self._long.set()
            if wal_pages >= WAL_PAGES_MAX:
                self._checkpoint_in_writer(connection, wal_pages)
        return apsw.SQLITE_OK

    def close(self) -> None:
        """Closes the thread's connection between checkpoints: the last close removes the WAL."""
        self._ended = True
        if self._busy.acquire(timeout=CHECKPOINT_END_MAX_S) and self._connection:
            self._connection.close()

    def prepare_last_close(self, connection: apsw.Connection) -> None:
        """Repairs a WAL in doubt before the last close, at which SQLite runs a checkpoint. If the
        repair fails the WAL stays, and the next start recovers from it."""
        deadline = time.monotonic() + CHECKPOINT_END_MAX_S
        with contextlib.closing(self._wal or Wal(connection)) as wal:
            while wal.in_doubt:
                try:
                    wal.settle()
                except (OSError, WalBrokenError) as error:
                    if not isinstance(error, BlockingIOError) or time.monotonic() > deadline:
                        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
                        return
                    time.sleep(FOREIGN_LOCK_PAUSE_S)

    def _checkpoint_in_writer(self, connection: apsw.Connection, wal_pages: int) -> None:
        """Runs a checkpoint in a writer. If another process prevents it, the WAL is synced instead:
        it grows, but what a power cut may take does not."""
        wal = self._wal = self._wal or Wal(connection)
        with contextlib.suppress(apsw.Error, OSError, WalBrokenError):
            try:
                with _unless_replicated(self._writers_replication_lock) as is_ours:
                    is_done = is_ours and self._copies_all(connection, wal)
            except (apsw.BusyError, BlockingIOError):
                is_done = False
            if is_ours and not is_done:
                wal.sync()
            elif not is_ours and wal_pages >= self._next_sync_pages:
                # Only needed if the thread hangs: otherwise that syncs the WAL.
                self._next_sync_pages = wal_pages + WAL_PAGES_MAX
                wal.sync()

    def _copies_all(self, connection: apsw.Connection, wal: Wal) -> bool:
        if wal.in_doubt:
            wal.settle()
        with _in_doubt_where_it_fails(wal):
            return len(set(connection.wal_checkpoint())) == 1

    def _run(self) -> None:
        # SIGALRM, which ends a wait for the lock, has to interrupt the main thread.
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        while True:
            self._long.wait()
            self._long.clear()
            with self._busy:
                if self._ended:
                    return
                try:
                    with _unless_replicated(self._replication_lock) as is_ours:
                        if is_ours:
                            self._checkpoint()
                        else:
                            self._sync()
                except (apsw.BusyError, BlockingIOError):
                    # Another program, such as a shell, holds the file. A later commit tries again.
                    continue
                except (apsw.Error, OSError, WalBrokenError) as error:
                    log.error("checkpoint failed, a later commit tries again", exc_info=error)

    def _checkpoint(self) -> None:
        connection = self._connection or self._opened_connection()
        wal = self._wal = self._wal or Wal(connection)
        if wal.in_doubt:
            wal.settle(self._writers_waiting())
        with _in_doubt_where_it_fails(wal):
            self._checkpoint_in_steps(connection)

    def _opened_connection(self) -> apsw.Connection:
        connection = apsw.Connection(str(self._file), apsw.SQLITE_OPEN_READWRITE)
        connection.execute(OPEN_WAL).get  # noqa: B018 - `get` runs it
        # Never closed: that would release all locks that SQLite holds on the file.
        self._file_fd = os.open(self._file, os.O_RDONLY | os.O_CLOEXEC)
        self._connection = connection
        if self._wal:
            # Linux does not report an earlier error to the new descriptors.
            self._wal.in_doubt = True
        return connection

    def _checkpoint_in_steps(self, connection: apsw.Connection) -> None:
        wal_pages = self._run_passive(connection, "beside")
        if wal_pages < WAL_PAGES_LOCKED:
            return
        if _blocks_written() - self._synced_at_block > FILE_BLOCKS_UNSYNCED:
            os.fdatasync(self._file_fd)
        with self._writers_waiting():
            self._run_passive(connection, "locked")
        self._synced_at_block = _blocks_written()

    def _sync(self) -> None:
        """Syncs the WAL, or repairs one in doubt, while Litestream runs the checkpoints."""
        assert self._wal is not None
        if self._wal.in_doubt:
            self._wal.settle(self._writers_waiting())
        else:
            self._wal.sync()

    @contextlib.contextmanager
    def _writers_waiting(self) -> Iterator[None]:
        fcntl.flock(self._write_lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._write_lock, fcntl.LOCK_UN)

    def _run_passive(self, connection: apsw.Connection, step: str) -> int:
        """Runs a passive checkpoint. Returns how many pages the WAL had."""
        began_at = time.monotonic()
        _, wal_pages, _ = connection.execute(PASSIVE).get
        if self._meter:
            self._meter.checkpointed(step, round((time.monotonic() - began_at) * 1e6))
        return int(wal_pages)


@contextlib.contextmanager
def _in_doubt_where_it_fails(wal: Wal) -> Iterator[None]:
    try:
        yield
    except apsw.BusyError:
        raise
    except (apsw.Error, OSError):
        wal.in_doubt = True
        raise


def _blocks_written() -> int:
    """Returns the blocks written by this thread, which writes to the database file alone. Pages
    that already waited for a sync are not counted again."""
    return resource.getrusage(resource.RUSAGE_THREAD).ru_oublock
