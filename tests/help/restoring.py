"""A process that restores when it is told, so that strace can put a fault into any moment of it."""

from multiprocessing.connection import Connection
from pathlib import Path

from rinha import settings
from rinha.crebitos.on_sqlite_restore import restore
from rinha.errors import RinhaError
from tests.help.forks import forks
from tests.help.teller import Tracing

# All that such a process asks of the system for the pipe by which it is told.
OF_THE_PIPE = {"read", "write", "poll", "recvfrom", "sendto"}
# By these names change, which is what a restore is about.
NAMES = {"link", "linkat", "rename", "renameat", "renameat2", "unlink", "unlinkat"}
# And these fail where a disk, or a hand, is at fault. Of memory there is no such promise.
FAILING = NAMES | {
    *("open", "openat", "stat", "lstat", "fstat", "newfstatat", "statx", "pread64", "pwrite64"),
    *("fsync", "fdatasync", "ftruncate", "fallocate", "flock", "fcntl", "getdents64", "fchmod"),
}
Point = tuple[str, int]


def _serve(orders: Connection, file: Path, snapshot: Path) -> None:
    knobs = settings.load({"RINHA_LEDGER": str(file)})
    orders.send("here")
    orders.recv()
    try:
        restore(knobs, snapshot, None)
        orders.send("done")
    except RinhaError as error:
        orders.send(str(error))
    # What an interpreter does at its end is no part of a restore.
    orders.recv()


class Restorer:
    """Stands still until it is told."""

    def __init__(self, file: Path, snapshot: Path) -> None:
        self._orders, theirs = forks.Pipe()
        self.process = forks.Process(target=_serve, args=(theirs, file, snapshot))
        self.process.start()
        theirs.close()
        assert self._orders.recv() == "here"

    def answer(self) -> str | None:
        """`done`, or the error that a person reads; None where it died of it."""
        self._orders.send("restore")
        try:
            return str(self._orders.recv())
        except EOFError:
            return None
        finally:
            self.process.kill()
            self.process.join()

    def lives_through_it(self) -> bool:
        return self.answer() == "done"


def points_of(tracing: Tracing, calls: set[str] | None = None) -> list[Point]:
    """Each system call of a run, or each of these, and which one of its kind it was."""
    return [
        (call, number)
        for call, times in tracing.calls.items()
        for number in range(1, len(times) + 1)
        if (call in calls if calls else call not in OF_THE_PIPE)
    ]
