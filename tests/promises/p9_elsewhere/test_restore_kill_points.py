"""Death at every single system call of a restore."""

import shutil
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from rinha import settings
from rinha.crebitos.messages import Transacao
from rinha.crebitos.on_sqlite import SqliteLedger
from rinha.crebitos.on_sqlite_restore import restore
from tests.help.effort import effort
from tests.help.forks import apart, forks
from tests.help.teller import names_in, traced

THERE, SNAPSHOT = ["a0", "a1", "a2"], ["s0", "s1"]
# `make test` takes one point of so many.
EVERY = effort(40, 6, 1)
# All that such a process asks of the system, except for the pipe by which it is told.
OF_THE_PIPE = {"read", "write", "poll", "recvfrom", "sendto"}


def make(file: Path, names: list[str], snapshot: Path | None) -> None:
    """A ledger whose log was never moved, as a killed service leaves it; and its copy."""
    ledger = SqliteLedger(file, synchronous="NORMAL", lock_wait_s=1)
    for name in names:
        ledger.transact(1, Transacao(1, "c", name))
    if snapshot:
        ledger.engine.snapshot(snapshot)
    for ending in ("", "-wal"):
        kept = file.with_name(f"kept{file.name}{ending}")
        shutil.copyfile(file.with_name(file.name + ending), kept)
    ledger.close()


@pytest.fixture
def origins(tmp_path: Path) -> Path:
    folder = tmp_path / "origins"
    folder.mkdir()
    apart(make, folder / "s.db", SNAPSHOT, folder / "snapshot.db")
    apart(make, folder / "rinha.db", THERE, None)
    return folder


def fresh(origins: Path, folder: Path) -> Path:
    folder.mkdir()
    for ending in ("", "-wal"):
        shutil.copyfile(origins / f"keptrinha.db{ending}", folder / f"rinha.db{ending}")
    return folder / "rinha.db"


def _serve(orders: Connection, file: Path, snapshot: Path) -> None:
    knobs = settings.load({"RINHA_LEDGER": str(file)})
    orders.send("here")
    orders.recv()
    restore(knobs, snapshot, None)
    orders.send("done")
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

    def lives_through_it(self) -> bool:
        self._orders.send("restore")
        try:
            return bool(self._orders.recv() == "done")
        except EOFError:
            return False
        finally:
            self.process.kill()
            self.process.join()


def assert_whole_and_finished_by_the_next(file: Path, snapshot: Path) -> None:
    assert names_in(file) in (THERE, SNAPSHOT)
    assert Restorer(file, snapshot).lives_through_it()
    assert names_in(file) == SNAPSHOT
    beside = {path.name for path in file.parent.iterdir()} - {
        f"rinha.db{ending}" for ending in ("", ".lock", ".users", ".follower", ".checkpoint")
    }
    kept = [name for name in beside if name.startswith("rinha.db.2") and name.endswith("Z")]
    assert beside == set(kept), "something is left over"
    histories = [names_in(file.with_name(name)) for name in kept]
    assert THERE in histories, "what was there is gone"


def test_a_restore_cut_short_anywhere_leaves_the_old_or_the_new(
    origins: Path, tmp_path: Path
) -> None:
    """Never a part, never the one with the log of the other; and the next restore tidies up."""
    log, snapshot = tmp_path / "strace.log", origins / "snapshot.db"
    restorer = Restorer(fresh(origins, tmp_path / "whole"), snapshot)
    with traced(log, restorer.process.pid) as tracing:
        assert restorer.lives_through_it()
    points = [
        (call, number)
        for call, times in tracing.calls.items()
        for number in range(1, len(times) + 1)
        if call not in OF_THE_PIPE
    ]
    assert len(points) > 150, list(tracing.calls)
    deaths = 0
    for place, (call, number) in enumerate(points[::EVERY]):
        file = fresh(origins, tmp_path / str(place))
        restorer = Restorer(file, snapshot)
        inject = f"--inject={call}:signal=KILL:when={number}"
        with traced(log, restorer.process.pid, inject):
            deaths += not restorer.lives_through_it()
        assert_whole_and_finished_by_the_next(file, snapshot)
    print(f"{deaths} deaths at {len(points)} points, one in {EVERY} tried")
    assert deaths >= 0.8 * len(points[::EVERY])
