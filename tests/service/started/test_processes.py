"""Several processes on one ledger: its creation, a fair lock, and a lock holder that hangs."""

import multiprocessing
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from rinha.crebitos.messages import Transacao
from rinha.crebitos.on_sqlite import SqliteLedger
from rinha.errors import StoreBusyError
from tests.help.forks import forks, run_at_once
from tests.help.running import ROOT

CREDIT = Transacao(1, "c", "abc")
LOCK_WAIT_S = 0.3


def open_ledger(file: Path, lock_wait_s: float = LOCK_WAIT_S) -> SqliteLedger:
    return SqliteLedger(file, synchronous="NORMAL", lock_wait_s=lock_wait_s)


def open_at_once(file: Path, barrier: Barrier) -> None:
    barrier.wait()
    ledger = open_ledger(file)
    ledger.transact(1, CREDIT)
    ledger.close()


@pytest.mark.slow
def test_instances_that_start_at_once_on_no_file_all_work(tmp_path: Path) -> None:
    """50 races of two processes for a missing file each make one sound ledger."""
    for number in range(50):
        file = tmp_path / f"{number}.db"
        barrier = forks.Barrier(2)
        run_at_once(open_at_once, [(file, barrier)] * 2)
        ledger = open_ledger(file)
        assert ledger.extrato(1).saldo.total == 2
        assert ledger.audit().problems == []
        ledger.close()


def write_until(
    file: Path, barrier: Barrier, count: int, done: "multiprocessing.Queue[int]"
) -> None:
    ledger = open_ledger(file, 5.0)
    barrier.wait()
    mine = 0
    while ledger.transact(1, CREDIT).saldo < count:
        mine += 1
    done.put(mine)


def test_turns_are_shared(tmp_path: Path) -> None:
    """Two busy processes do not starve each other, and no transaction is lost."""
    count = 4000
    file = tmp_path / "rinha.db"
    open_ledger(file).close()
    barrier = forks.Barrier(2)
    done: multiprocessing.Queue[int] = forks.Queue()
    writers = [
        forks.Process(target=write_until, args=(file, barrier, count, done)) for _ in range(2)
    ]
    for writer in writers:
        writer.start()
    shares = [done.get(timeout=60) for _ in writers]
    for writer in writers:
        writer.join()
    assert min(shares) > count / 10, shares
    ledger = open_ledger(file)
    # Each writer stops at its own first answer that reaches the count, and does not count that one.
    assert ledger.extrato(1).saldo.total == sum(shares) + 2
    assert ledger.audit().problems == []
    ledger.close()


HOLDER = """
import sys; sys.path.insert(0, sys.argv[2])
from pathlib import Path; from rinha.crebitos.on_sqlite import SqliteLedger
ledger = SqliteLedger(Path(sys.argv[1]), synchronous="NORMAL", lock_wait_s=1)
with ledger.engine.writing:
    print("held", flush=True)
    sys.stdin.readline()
print("released", flush=True)
"""
SHELL = """
import apsw, sys
connection = apsw.Connection(sys.argv[1])
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
connection.execute("COMMIT")
print("released", flush=True)
"""


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqliteLedger]:
    opened = open_ledger(tmp_path / "rinha.db")
    yield opened
    opened.close()


@pytest.fixture(params=[HOLDER, SHELL], ids=["a neighbour", "a shell"])
def holder(
    request: pytest.FixtureRequest, tmp_path: Path, ledger: SqliteLedger
) -> Iterator["subprocess.Popen[str]"]:
    """A process that holds the write lock until it reads a line."""
    words = [sys.executable, "-c", request.param, str(tmp_path / "rinha.db"), str(ROOT)]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def refusal_s(ledger: SqliteLedger) -> float:
    started = time.monotonic()
    with pytest.raises(StoreBusyError, match="nothing was written"):
        ledger.transact(1, CREDIT)
    return time.monotonic() - started


def test_a_neighbour_that_hangs_is_waited_for_in_bounds(
    ledger: SqliteLedger, holder: "subprocess.Popen[str]"
) -> None:
    """A frozen lock holder costs one wait, then quick refusals; reads go on; later writes work."""
    holder.send_signal(signal.SIGSTOP)
    assert LOCK_WAIT_S * 0.9 < refusal_s(ledger) < LOCK_WAIT_S + 2
    quick = [refusal_s(ledger) for _ in range(10)]
    assert sum(quick) < LOCK_WAIT_S * 10 / 2, "those queued behind must not wait as long each"
    assert ledger.extrato(1).saldo.total == 0
    holder.send_signal(signal.SIGCONT)
    assert holder.stdin is not None
    assert holder.stdout is not None
    print(file=holder.stdin, flush=True)
    assert holder.stdout.readline() == "released\n"
    assert ledger.transact(1, CREDIT).saldo == 1
    assert ledger.audit().problems == []


def test_a_neighbour_that_is_killed_gives_up_its_turn(
    ledger: SqliteLedger, holder: "subprocess.Popen[str]"
) -> None:
    """A process killed inside a transaction leaves no row and no lock."""
    holder.kill()
    holder.wait()
    assert ledger.transact(1, CREDIT).saldo == 1
    assert ledger.audit().problems == []
