"""A process that restores on command, so that strace can inject a fault at any call."""

from multiprocessing.connection import Connection
from pathlib import Path

from rinha.crebitos.on_sqlite_restore import restore
from rinha.errors import RinhaError
from rinha.settings import load
from tests.help.forks import start
from tests.help.ledger_process import Tracing, traced

# System calls that change file names: a restore depends on their order.
NAMES = {"link", "linkat", "rename", "renameat", "renameat2", "unlink", "unlinkat"}
# System calls that fail with a broken disk or wrong permissions. Memory is not covered.
FAILING = NAMES | {
    *("open", "openat", "stat", "lstat", "fstat", "newfstatat", "statx", "pread64", "pwrite64"),
    *("fsync", "fdatasync", "ftruncate", "fallocate", "flock", "fcntl", "getdents64", "fchmod"),
}


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


def restore_apart(file: Path, snapshot: Path, log: Path, *faults: str) -> tuple[str, Tracing]:
    """Restores in a process with faults that strace injects. Returns `done` or the error message,
    or nothing if the process died; and what strace saw."""
    orders, process = start(_serve, file, snapshot)
    with traced(log, process.pid, *faults) as tracing:
        orders.send("restore")
        try:
            answer = str(orders.recv())
        except EOFError:
            answer = ""
        finally:
            process.kill()
            process.join()
    return answer, tracing
