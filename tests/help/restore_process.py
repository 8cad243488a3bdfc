"""A process that restores on command, so that strace can inject a fault at any call."""

from multiprocessing.connection import Connection
from pathlib import Path

from rinha.crebitos.on_sqlite_restore import restore
from rinha.errors import RinhaError
from rinha.settings import load
from tests.help.forks import forks
from tests.help.ledger_process import Tracing

# System calls of the process for its command pipe.
OF_THE_PIPE = {"read", "write", "poll", "recvfrom", "sendto"}
# System calls that change file names: a restore depends on their order.
NAMES = {"link", "linkat", "rename", "renameat", "renameat2", "unlink", "unlinkat"}
# System calls that fail with a broken disk or wrong permissions. Memory is not covered.
FAILING = NAMES | {
    *("open", "openat", "stat", "lstat", "fstat", "newfstatat", "statx", "pread64", "pwrite64"),
    *("fsync", "fdatasync", "ftruncate", "fallocate", "flock", "fcntl", "getdents64", "fchmod"),
}
Point = tuple[str, int]


def _serve(orders: Connection, file: Path, snapshot: Path) -> None:
    settings = load({"RINHA_LEDGER": str(file)})
    orders.send("here")
    orders.recv()
    try:
        restore(settings, snapshot, None)
        orders.send("done")
    except RinhaError as error:
        orders.send(str(error))
    # Wait to be killed: the exit of the interpreter is no part of a restore.
    orders.recv()


class Restorer:
    """A process that waits for the order to restore."""

    def __init__(self, file: Path, snapshot: Path) -> None:
        self._orders, theirs = forks.Pipe()
        self.process = forks.Process(target=_serve, args=(theirs, file, snapshot))
        self.process.start()
        theirs.close()
        assert self._orders.recv() == "here"

    def answer(self) -> str | None:
        """Restores; returns `done` or the error message, or None if the process died."""
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
    """Returns each system call of a run, or each of `calls`, with its number by name."""
    return [
        (call, number)
        for call, times in tracing.calls.items()
        for number in range(1, len(times) + 1)
        if (call in calls if calls else call not in OF_THE_PIPE)
    ]
