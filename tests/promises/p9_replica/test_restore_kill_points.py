"""kill -9 and errors at every single system call of a restore."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from rinha.crebitos.messages import Transacao
from rinha.crebitos.on_sqlite import SqliteLedger
from rinha.errors import StoreUnusableError
from tests.help.effort import effort
from tests.help.forks import apart
from tests.help.ledger_process import names_in
from tests.help.restore_process import FAILING, NAMES, restore_apart
from tests.help.small_disk import small_disk

THERE, SNAPSHOT = ["a0", "a1", "a2"], ["s0", "s1"]
# The tests try one system call in so many.
EVERY = effort(40, 6, 1)
EVERY_ERROR = effort(110, 6, 1)
EVERY_NAME = effort(9, 2, 1)
EVERY_WRITE = effort(3, 2, 1)
# Rows of the ledger on the small disk: a copy of it takes less space than its checkpoint.
MANY = 5000
SMALL_BYTES = 2_000_000
FREE_STEPS = effort(2, 8, 40)
FREE_MAX_BYTES = 200_000
ROTTEN = {
    "no database": b"notes " * 1000,
    "like one": b"SQLite format 3\0" + b"notes " * 1000,
    "empty": b"",
}


def keep_and_close(ledger: SqliteLedger, file: Path) -> None:
    """Copies the ledger's files as a kill would leave them."""
    for ending in ("", "-wal"):
        kept = file.with_name(f"kept{file.name}{ending}")
        shutil.copyfile(file.with_name(file.name + ending), kept)
    ledger.close()


def make(file: Path, names: list[str], snapshot: Path | None) -> None:
    """Makes a ledger, perhaps a snapshot, and a copy of its files as a kill leaves them."""
    ledger = SqliteLedger(file, synchronous="NORMAL", lock_wait_s=1)
    for name in names:
        ledger.transact(1, Transacao(1, "c", name))
    if snapshot:
        ledger.engine.snapshot(snapshot)
    keep_and_close(ledger, file)


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


def assert_whole_and_finished_by_the_next(file: Path, snapshot: Path, log: Path) -> None:
    assert names_in(file) in (THERE, SNAPSHOT)
    assert restore_apart(file, snapshot, log)[0] == "done"
    assert names_in(file) == SNAPSHOT
    beside = {path.name for path in file.parent.iterdir()} - {
        f"rinha.db{ending}"
        for ending in ("", ".lock", ".users", ".users-2", ".follower", ".checkpoint")
    }
    kept = [name for name in beside if name.startswith("rinha.db.2") and name.endswith("Z")]
    assert beside == set(kept), "something is left over"
    histories = [names_in(file.with_name(name)) for name in kept]
    assert THERE in histories, "what was there is gone"


def test_a_restore_cut_short_anywhere_leaves_the_old_or_the_new(
    origins: Path, tmp_path: Path
) -> None:
    """A restore that is killed leaves the old or the new ledger whole, each with its own WAL. The
    next restore cleans up."""
    log, snapshot = tmp_path / "strace.log", origins / "snapshot.db"
    answer, tracing = restore_apart(fresh(origins, tmp_path / "whole"), snapshot, log)
    assert answer == "done"
    points = tracing.points()
    assert len(points) > 150, list(tracing.calls)
    deaths = 0
    for place, (call, number) in enumerate(points[::EVERY]):
        file = fresh(origins, tmp_path / str(place))
        inject = f"--inject={call}:signal=KILL:when={number}"
        deaths += restore_apart(file, snapshot, log, inject)[0] != "done"
        assert_whole_and_finished_by_the_next(file, snapshot, log)
    print(f"{deaths} deaths at {len(points)} points, one in {EVERY} tried")
    assert deaths >= 0.8 * len(points[::EVERY])


def assert_told_truly(answer: str, file: Path) -> None:
    """Asserts that the next start finds what the answer says; without an answer, either ledger."""
    if not answer:
        assert names_in(file) in (THERE, SNAPSHOT)
    elif answer == "done" or ": was restored" in answer:
        assert names_in(file) == SNAPSHOT
    else:
        assert names_in(file) == THERE, answer


@pytest.mark.parametrize("error", ["EIO", "ENOSPC", "EPERM"])
@pytest.mark.parametrize("lasting", ["", "+"], ids=["once", "from then on"])
def test_a_restore_that_fails_anywhere_says_truly_what_is_there(
    origins: Path, tmp_path: Path, error: str, lasting: str
) -> None:
    """A restore with any failing call says truly which ledger is there, whole with its WAL."""
    log, snapshot = tmp_path / "strace.log", origins / "snapshot.db"
    answer, tracing = restore_apart(fresh(origins, tmp_path / "whole"), snapshot, log)
    assert answer == "done"
    points = tracing.points(FAILING)
    assert len(points) > 100, list(tracing.calls)
    faults = 0
    for place, (call, number) in enumerate(points[::EVERY_ERROR]):
        file = fresh(origins, tmp_path / str(place))
        inject = f"--inject={call}:error={error}:when={number}{lasting}"
        answer, tracing = restore_apart(file, snapshot, log, inject)
        faults += tracing.injected > 0
        assert answer, (call, number)
        assert_told_truly(answer, file)
    assert faults >= 0.8 * len(points[::EVERY_ERROR])


@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
def test_a_wal_that_cannot_be_moved_stays_with_its_file(
    origins: Path, tmp_path: Path, error: str
) -> None:
    """A WAL stays with its file if writes fail and the process dies at a change of a name."""
    log, snapshot = tmp_path / "strace.log", origins / "snapshot.db"
    answer, tracing = restore_apart(fresh(origins, tmp_path / "whole"), snapshot, log)
    assert answer == "done"
    writes, names = tracing.points({"pwrite64"}), tracing.points(NAMES)
    # The last writes are the checkpoint; the last changes of names replace the file.
    for _, write in writes[-4::EVERY_WRITE]:
        for call, number in names[-6::EVERY_WRITE]:
            file = fresh(origins, tmp_path / f"{write}-{call}-{number}")
            failing = f"--inject=pwrite64:error={error}:when={write}+"
            death = f"--inject={call}:signal=KILL:when={number}"
            answer, _ = restore_apart(file, snapshot, log, failing, death)
            assert_told_truly(answer, file)


@pytest.mark.parametrize("rotten", ROTTEN)
@pytest.mark.parametrize("fault", ["signal=KILL", "error=EIO"])
def test_what_is_no_database_is_never_parted_from_its_wal(
    origins: Path, tmp_path: Path, rotten: str, fault: str
) -> None:
    """A file that is no database keeps its WAL: both stay, or both get one new name. The next start
    rejoins two that were separated."""
    log, snapshot = tmp_path / "strace.log", origins / "snapshot.db"
    wal = (origins / "keptrinha.db-wal").read_bytes() if rotten == "empty" else b"what it wrote"

    def rotted(name: str) -> Path:
        file = fresh(origins, tmp_path / name)
        file.write_bytes(ROTTEN[rotten])
        file.with_name("rinha.db-wal").write_bytes(wal)
        return file

    answer, tracing = restore_apart(rotted("whole"), snapshot, log)
    assert answer == "done"
    for place, (call, number) in enumerate(tracing.points(NAMES | {"fsync"})[::EVERY_NAME]):
        file = rotted(str(place))
        inject = f"--inject={call}:{fault}:when={number}"
        answer, _ = restore_apart(file, snapshot, log, inject)
        assert_a_pair_is_there(file, ROTTEN[rotten], wal, answer)


def assert_a_pair_is_there(file: Path, old: bytes, wal: bytes, answer: str) -> None:
    try:
        SqliteLedger(file, synchronous="NORMAL", lock_wait_s=1).close()
        is_new = True
    except StoreUnusableError:
        is_new = False
    if answer:
        assert is_new == (answer == "done" or ": was restored" in answer), answer
    if is_new:
        assert names_in(file) == SNAPSHOT
        kept = [path for path in file.parent.iterdir() if path.name.endswith("Z")]
        [file] = [path for path in kept if path.read_bytes() == old]
    assert file.read_bytes() == old
    assert file.with_name(f"{file.name}-wal").read_bytes() == wal


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "small", SMALL_BYTES) as folder:
        yield folder


def make_many(file: Path) -> None:
    """Makes a ledger whose rows are all in its WAL."""
    ledger = SqliteLedger(file, synchronous="NORMAL", lock_wait_s=1)
    ledger.engine.execute("PRAGMA wal_autocheckpoint = 0")
    rows = [(1, number, 1, "c", f"a{number}", 0) for number in range(1, MANY + 1)]
    with ledger.engine.writing:
        ledger.engine.connection.executemany("INSERT INTO transacoes VALUES (?,?,?,?,?,?)", rows)
        ledger.engine.execute("UPDATE clientes SET saldo = ?1, transacoes = ?1", (MANY,))
        ledger.engine.execute("UPDATE clientes SET saldo = 0, transacoes = 0 WHERE cliente > 1")
    keep_and_close(ledger, file)


def test_a_disk_that_is_full_in_the_middle_parts_nothing(
    origins: Path, disk: Path, tmp_path: Path
) -> None:
    """A restore on a disk with any free space keeps file and WAL together. So does one that is
    killed as it links the old file to a second name."""
    (origins / "many").mkdir()
    apart(make_many, origins / "many" / "rinha.db")
    many = [f"a{number}" for number in range(1, MANY + 1)]
    refused = 0
    for step in range(FREE_STEPS + 1):
        for fault in ("", "--inject=link,linkat:signal=KILL:when=1"):
            file = fresh(origins / "many", disk / "ledger")
            fill(disk, FREE_MAX_BYTES * step // FREE_STEPS)
            log, faults = tmp_path / "strace.log", [fault] if fault else []
            answer, _ = restore_apart(file, origins / "snapshot.db", log, *faults)
            (disk / "ballast").unlink()
            refused += bool(answer and answer != "done")
            found = names_in(file)
            is_new = found == SNAPSHOT
            assert is_new or found == many
            assert not answer or is_new == (answer == "done"), answer
            shutil.rmtree(disk / "ledger")
    assert refused, "the disk was never full"


def fill(disk: Path, free_bytes: int) -> None:
    free = os.statvfs(disk)
    (disk / "ballast").write_bytes(b"x" * max(0, free.f_bavail * free.f_bsize - free_bytes))
