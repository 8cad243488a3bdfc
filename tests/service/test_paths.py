"""A ledger has one real path under all its names; its WAL and its locks are beside that file."""

import os
import sqlite3
from pathlib import Path

import apsw
import pytest

from rinha.crebitos.messages import Transacao
from rinha.crebitos.on_sqlite import SqliteLedger
from rinha.crebitos.on_sqlite_restore import restore
from rinha.errors import RestoreError, RinhaError, SettingError, StoreUnusableError
from rinha.settings import Settings, load
from tests.help.running import Stack, finish, rinha

NAMES = ("link", "chain", "folder", "relative", "dotted")


@pytest.fixture
def real(tmp_path: Path) -> Path:
    (tmp_path / "disk").mkdir()
    return tmp_path / "disk" / "rinha.db"


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest, real: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Another name of a file that does not exist yet."""
    home = real.parent.parent / "home"
    (home / "var").mkdir(parents=True)
    monkeypatch.chdir(home)
    (home / "var" / "rinha.db").symlink_to("../../disk/rinha.db")
    (home / "chain.db").symlink_to("var/rinha.db")
    (home / "folder").symlink_to(real.parent)
    names = {
        "link": f"{home}/var/rinha.db",
        "chain": f"{home}/chain.db",
        "folder": f"{home}/folder/rinha.db",
        "relative": "var/rinha.db",
        "dotted": f"{home}/folder/../disk/rinha.db",
    }
    return names[request.param]


def settings_of(name: str | Path, **more: str) -> Settings:
    return load({"RINHA_LEDGER": str(name), **more})


def opened(name: str | Path, synchronous: str = "NORMAL", *, create: bool = True) -> SqliteLedger:
    return SqliteLedger.open(
        settings_of(name, RINHA_SYNCHRONOUS=synchronous, RINHA_LOCK_WAIT_MS="20"), create=create
    )


def credit(ledger: SqliteLedger, valor: int) -> None:
    ledger.transact(1, Transacao(valor, "c", "abc"))


def saldo(name: str | Path) -> int:
    ledger = opened(name, create=False)
    total = ledger.extrato(1).saldo.total
    ledger.close()
    return total


def test_all_that_is_kept_for_a_ledger_stands_beside_the_real_file(real: Path, name: str) -> None:
    """A ledger made under another name has its files beside the real file, none at the links."""
    home = real.parent.parent / "home"
    before = sorted(home.rglob("*"))
    ledger = opened(name, "FULL")
    with ledger.engine.serving():
        credit(ledger, 5)
        beside = {path.name for path in real.parent.iterdir()}
        assert {f"rinha.db{ending}" for ending in ("", "-wal", "-shm", ".lock", ".users")} <= beside
    ledger.close()
    assert sorted(home.rglob("*")) == before
    assert (saldo(real), saldo(name)) == (5, 5)


def test_full_syncs_the_wal_that_sqlite_has_open(
    real: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FULL syncs the WAL of the real file; a stale WAL beside a link is not used or changed."""
    stale = Path(f"{name}-wal")
    if not stale.exists():
        stale.write_bytes(b"of a ledger that was here once")
    synced: list[str] = []
    sync = os.fdatasync

    def watched(fd: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{fd}").readlink()))
        sync(fd)

    monkeypatch.setattr(os, "fdatasync", watched)
    is_beside_a_link = stale.resolve() != real.with_name("rinha.db-wal")
    if not is_beside_a_link:
        stale.unlink()
    ledger = opened(name, "FULL")
    credit(ledger, 5)
    assert set(synced) == {f"{real}-wal"}
    ledger.close()
    if is_beside_a_link:
        assert stale.read_bytes() == b"of a ledger that was here once"


def test_the_locks_hold_by_whichever_name(real: Path, name: str, tmp_path: Path) -> None:
    """Locks hold under every name: an instance under one name blocks a restore under another."""
    ledger = opened(name)
    credit(ledger, 5)
    ledger.engine.snapshot(tmp_path / "snapshot.db")
    with pytest.raises(RestoreError, match="in use"):
        restore(settings_of(real), tmp_path / "snapshot.db", None)
    ledger.close()
    ledger = opened(real)
    with pytest.raises(RestoreError, match="in use"):
        restore(settings_of(name), tmp_path / "snapshot.db", None)
    neighbour = opened(name)
    with ledger.engine.writing, pytest.raises(RinhaError, match="busy"):
        credit(neighbour, 1)
    neighbour.close()
    ledger.close()


def test_a_restore_by_a_link_replaces_the_real_file(real: Path, name: str, tmp_path: Path) -> None:
    """A restore under a link replaces the real file; the link stays, and the old file is kept."""
    ledger = opened(real)
    credit(ledger, 5)
    ledger.engine.snapshot(tmp_path / "snapshot.db")
    credit(ledger, 2)
    ledger.close()
    home = real.parent.parent / "home"
    before = {path: path.is_symlink() for path in home.rglob("*")}
    kept = restore(settings_of(name), tmp_path / "snapshot.db", None)
    assert kept is not None
    assert kept.resolve().parent == real.parent
    assert {path: path.is_symlink() for path in home.rglob("*")} == before
    assert (saldo(real), saldo(name), saldo(kept)) == (5, 5, 7)


@pytest.mark.starts
def test_a_service_behind_a_link_syncs_and_is_seen(tmp_path: Path) -> None:
    """A service with FULL runs behind a link, and a restore by the real path is refused."""
    for folder in ("disk", "stack"):
        (tmp_path / folder).mkdir()
    real, link = tmp_path / "disk" / "rinha.db", tmp_path / "stack" / "rinha.db"
    link.symlink_to(real)
    with Stack(tmp_path / "stack", instances=1, RINHA_SYNCHRONOUS="FULL") as stack:
        assert stack.client().transact(1, 5, "c").status == 200
        snapshot = str(tmp_path / "snapshot.db")
        assert finish(rinha("snapshot", snapshot, RINHA_LEDGER=str(real)))[0] == 0
        code, _, err = finish(rinha("restore", snapshot, RINHA_LEDGER=str(real)))
        assert (code, "in use" in err) == (2, True)
        assert stack.client().transact(1, 5, "c").json["saldo"] == 10
    assert link.is_symlink()
    assert saldo(real) == 10


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    """Links in a circle, or a link into a missing folder, give one line."""
    (tmp_path / "a.db").symlink_to("b.db")
    (tmp_path / "b.db").symlink_to("a.db")
    with pytest.raises(SettingError, match="in a circle"):
        settings_of(tmp_path / "a.db")
    (tmp_path / "c.db").symlink_to(tmp_path / "unmounted" / "rinha.db")
    with pytest.raises(StoreUnusableError, match=f"no directory {tmp_path}/unmounted"):
        opened(tmp_path / "c.db")


def test_a_path_that_sqlite_cannot_take_is_refused(tmp_path: Path) -> None:
    """A path in another encoding than UTF-8 is refused by an error that any log can hold."""
    (tmp_path / "link.db").symlink_to(tmp_path / os.fsdecode(b"\xff.db"))
    with pytest.raises(SettingError, match="a path in UTF-8") as refused:
        load({"RINHA_LEDGER": str(tmp_path / "link.db")})
    assert str(refused.value).isascii()


def test_a_folder_that_sqlite_cannot_take_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same holds for the folder that a relative path starts from."""
    folder = tmp_path / os.fsdecode(b"\xff")
    folder.mkdir()
    monkeypatch.chdir(folder)
    with pytest.raises(SettingError, match="a path in UTF-8") as refused:
        load({"RINHA_LEDGER": "var/rinha.db"})
    assert str(refused.value).isascii()


@pytest.mark.parametrize("create", [True, False])
def test_a_file_with_two_names_is_refused(real: Path, tmp_path: Path, create: bool) -> None:
    """A file with two hard links is refused: SQLite would keep one WAL for each name."""
    ledger = opened(real)
    ledger.engine.snapshot(tmp_path / "snapshot.db")
    ledger.close()
    second = real.with_name("second.db")
    second.hardlink_to(real)
    for one in (real, second):
        with pytest.raises(StoreUnusableError, match="has 2 names"):
            opened(one, create=create)
        with pytest.raises(StoreUnusableError, match="has 2 names"):
            restore(settings_of(one), tmp_path / "snapshot.db", None)
    code, _, err = finish(rinha("sql", "SELECT 1", RINHA_LEDGER=str(real)))
    assert (code, err.count("\n"), "has 2 names" in err) == (2, 1, True)
    second.unlink()
    assert saldo(real) == 0


def test_a_file_that_moves_away_is_no_longer_written(real: Path) -> None:
    """A file that was moved away is not written: the path is resolved only once."""
    ledger = opened(real)
    credit(ledger, 5)
    moved = real.with_name("moved.db")
    real.rename(moved)
    real.symlink_to(moved.with_name("elsewhere.db"))
    ledger.engine._next_file_check_at = 0.0
    with pytest.raises(RinhaError, match="moved away or replaced"):
        credit(ledger, 1)
    ledger.engine.connection.close()


def test_the_names_sqlite_opened_are_ours(real: Path, name: str) -> None:
    """The engine syncs, locks and watches the files that SQLite has open."""
    ledger = opened(name)
    engine = ledger.engine
    assert isinstance(engine.connection, apsw.Connection)
    assert Path(engine.connection.filename) == real == engine.path.absolute()
    assert Path(engine.connection.filename_wal) == real.with_name("rinha.db-wal")
    ledger.close()
    assert sqlite3.connect(real).execute("PRAGMA journal_mode").fetchone() == ("wal",)
