"""A WAL without its file still holds acknowledged transactions: no ledger is made over it."""

import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import apsw
import pytest

from rinha import settings
from rinha.crebitos.messages import Transacao
from rinha.crebitos.on_sqlite import SqliteLedger
from rinha.crebitos.on_sqlite_restore import restore
from rinha.errors import ReplicaError, RinhaError, StoreUnusableError
from rinha.pessoas.on_sqlite import SqliteRegistry
from rinha.replica import litestream
from rinha.sqlite.wal import has_commit
from tests.help.commands import assert_refused
from tests.help.edition_stores import EDITION_STORES
from tests.help.effort import effort
from tests.help.forks import apart
from tests.help.ledger_process import LedgerProcess, kill_at_points, names_in
from tests.help.running import finish, rinha

GONE: dict[str, Callable[[Path], object]] = {
    "removed": Path.unlink,
    "emptied": lambda file: file.write_bytes(b""),
    "shorter than a header": lambda file: file.write_bytes(b"SQLite"),
    "zeroed": lambda file: file.write_bytes(bytes(file.stat().st_size)),
    "overwritten": lambda file: file.write_bytes(b"notes " * 2000),
}
EVERY = effort(12, 3, 1)


def _killed(file: Path, edition: str) -> None:
    """Leaves the files of a killed service: all that it acknowledged is in the WAL."""
    edition_store, rng = EDITION_STORES[edition], Random(0)
    made = file.with_name("made")
    made.mkdir()
    store = edition_store.open(made / file.name, "FULL")
    for number in range(1, 30):
        edition_store.write(store, number, rng)
    for ending in ("", "-wal"):
        shutil.copyfile(made / f"{file.name}{ending}", f"{file}{ending}")
    store.close()
    shutil.rmtree(made)


@pytest.fixture(params=GONE)
def lost(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    file = tmp_path / "rinha.db"
    apart(_killed, file, "crebitos")
    GONE[request.param](file)
    return file


def wal_of(file: Path) -> Path:
    return file.with_name(f"{file.name}-wal")


def content_of(file: Path) -> tuple[bytes | None, bytes]:
    return file.read_bytes() if file.exists() else None, wal_of(file).read_bytes()


@pytest.mark.parametrize("create", [True, False])
def test_nothing_opens_a_wal_without_its_file(lost: Path, create: bool) -> None:
    """A WAL without its file gives one line with advice, and both files stay as they are."""
    before = content_of(lost)
    with pytest.raises(StoreUnusableError, match="-wal holds transactions") as refusal:
        SqliteLedger(lost, synchronous="FULL", lock_wait_s=1, create=create)
    assert "make restore" in str(refusal.value)
    assert content_of(lost) == before


@pytest.mark.parametrize("lost", ["removed", "emptied"], indirect=True)
@pytest.mark.parametrize("command", [["serve"], ["check"], ["replicate"], ["sql", "SELECT 1"]])
def test_no_command_starts_over_it(lost: Path, command: list[str]) -> None:
    """No command starts over such a WAL: SQLite's shell or Litestream would remove it."""
    before = content_of(lost)
    replica = {"RINHA_REPLICA": f"file://{lost.parent}/copy"} if command == ["replicate"] else {}
    assert_refused(
        finish(rinha(*command, RINHA_LEDGER=str(lost), **replica)),
        "rinha.db-wal holds transactions",
    )
    assert content_of(lost) == before


def test_with_its_file_back_all_is_there(lost: Path) -> None:
    """After the refusal, the WAL and its own file hold all transactions."""
    with pytest.raises(StoreUnusableError, match="holds transactions"):
        SqliteLedger(lost, synchronous="FULL", lock_wait_s=1)
    wal = wal_of(lost).read_bytes()
    for path in lost.parent.iterdir():
        path.unlink()
    apart(_killed, lost, "crebitos")
    assert wal_of(lost).stat().st_size == len(wal)
    assert len(names_in(lost)) == 29


def test_a_restore_keeps_the_wal(lost: Path, tmp_path: Path) -> None:
    """A restore keeps the WAL beside the old file, under the name that it returns."""
    apart(_killed, tmp_path / "source.db", "crebitos")
    wal = wal_of(lost).read_bytes()
    kept = restore(settings.load({"RINHA_LEDGER": str(lost)}), tmp_path / "source.db", None)
    assert kept is not None
    assert wal_of(kept).read_bytes() == wal
    assert len(names_in(lost)) == 29


def test_a_source_that_lost_its_file_is_not_restored(lost: Path, tmp_path: Path) -> None:
    """A WAL without its file is no source of a restore: reading it would remove it."""
    before = content_of(lost)
    with pytest.raises(RinhaError):
        restore(settings.load({"RINHA_LEDGER": str(tmp_path / "new.db")}), lost, None)
    assert content_of(lost) == before


def test_the_other_edition_is_held_to_it(tmp_path: Path) -> None:
    """The edition pessoas has the same protection, because the engine is the same."""
    file = tmp_path / "rinha.db"
    apart(_killed, file, "pessoas")
    file.unlink()
    with pytest.raises(StoreUnusableError, match="transactions of a registry"):
        SqliteRegistry(file, synchronous="NORMAL", lock_wait_s=1)


def test_a_file_that_is_there_is_not_suspected(tmp_path: Path) -> None:
    """The two files of a killed service open normally, also several times at once."""
    file = tmp_path / "rinha.db"
    apart(_killed, file, "crebitos")
    ledgers = [SqliteLedger(file, synchronous="FULL", lock_wait_s=1) for _ in range(3)]
    for ledger in ledgers:
        ledger.transact(1, Transacao(1, "c", "abc"))
    for ledger in ledgers:
        ledger.close()
    assert len(names_in(file)) == 32


@pytest.mark.parametrize("wal", [b"", b"\0" * 32, b"\0" * 5000, b"\x37\x7f\x06\x82" + b"x" * 9000])
@pytest.mark.parametrize("is_there", [True, False])
def test_a_wal_without_a_transaction_keeps_nobody_from_a_start(
    tmp_path: Path, wal: bytes, is_there: bool
) -> None:
    """A WAL without a transaction, as a first start may leave it, does not prevent a start."""
    file = tmp_path / "rinha.db"
    wal_of(file).write_bytes(wal)
    if is_there:
        file.touch()
    ledger = SqliteLedger(file, synchronous="NORMAL", lock_wait_s=1)
    assert ledger.extrato(1).saldo.total == 0
    ledger.close()


def test_a_commit_is_known_by_its_checksums(tmp_path: Path) -> None:
    """A WAL holds a transaction from the last byte of its first commit on.

    A changed bit before that leaves no valid commit.
    """
    file = tmp_path / "some.db"
    connection = apsw.Connection(str(file))
    connection.execute("PRAGMA journal_mode = WAL; CREATE TABLE t (a)").fetchall()
    whole = wal_of(file).read_bytes()
    wal = tmp_path / "wal"
    for cut in range(0, len(whole), 97):
        wal.write_bytes(whole[:cut])
        assert not has_commit(wal)
        harmed = bytearray(whole)
        harmed[cut] ^= 1
        wal.write_bytes(harmed)
        # The checksum covers the version and the checkpoint number as well.
        assert not has_commit(wal), cut
    wal.write_bytes(whole)
    assert has_commit(wal)
    connection.execute("INSERT INTO t VALUES (1)")
    wal.write_bytes(wal_of(file).read_bytes()[: len(whole) + 50])
    assert has_commit(wal)
    connection.close()


def test_an_empty_file_is_not_replicated_over_a_replica(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty file, like a missing one, is not replicated over a replica that has a ledger."""
    monkeypatch.setattr(litestream, "newest", lambda _: "a moment")
    file = tmp_path / "rinha.db"
    file.touch()
    with pytest.raises(ReplicaError, match="missing or empty"):
        litestream.assert_nothing_to_restore(file, "file:///x")


@pytest.mark.starts
@pytest.mark.parametrize("synchronous", ["NORMAL", "FULL"])
def test_a_first_start_killed_anywhere_is_followed_by_another(
    tmp_path: Path, synchronous: str
) -> None:
    """A first start killed at any system call is never taken for a lost ledger."""
    kill_at_points(
        tmp_path,
        EVERY,
        lambda file: LedgerProcess(file, synchronous),
        lambda worker: worker.tell("open") == "done",
        lambda file, _: names_in(file) == [],
    )
