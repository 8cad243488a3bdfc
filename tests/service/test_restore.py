"""A restore replaces the whole ledger, and only with a sound one."""

import errno
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from rinha import settings
from rinha.crebitos.messages import Transacao
from rinha.crebitos.on_sqlite import SqliteLedger
from rinha.crebitos.on_sqlite_restore import restore
from rinha.errors import RestoreError, RinhaError, StoreUnusableError
from rinha.sqlite.file import SqliteFile
from rinha.sqlite.users import keep_out
from tests.help.ledgers import open_file, saldo_in
from tests.help.running import ROOT


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A ledger with a balance of 5; its snapshot beside it has 3."""
    ledger = open_file(tmp_path / "rinha.db")
    ledger.transact(1, Transacao(3, "c", "abc"))
    ledger.engine.snapshot(tmp_path / "snapshot.db")
    ledger.transact(1, Transacao(2, "c", "abc"))
    ledger.close()
    return tmp_path / "rinha.db"


@pytest.fixture
def snapshot(file: Path) -> Path:
    return file.with_name("snapshot.db")


def run_restore(file: Path, source: Path) -> Path | None:
    return restore(settings.load({"RINHA_LEDGER": str(file)}), source, None)


def test_a_snapshot_takes_the_ledgers_place(file: Path, snapshot: Path) -> None:
    """A restore makes one file in WAL mode and keeps the old ledger under a name with the time."""
    kept = run_restore(file, snapshot)
    assert kept is not None
    assert kept.name.startswith("rinha.db.2")
    with sqlite3.connect(file) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
    assert (saldo_in(file), saldo_in(kept)) == (3, 5)
    assert run_restore(file, kept) != kept
    assert saldo_in(file) == 5


def test_where_nothing_was_nothing_is_kept(file: Path, snapshot: Path) -> None:
    """A restore without an old ledger, as after a lost disk, keeps nothing."""
    file.unlink()
    assert run_restore(file, snapshot) is None
    assert saldo_in(file) == 3


def test_a_source_with_a_wal_is_restored_whole(file: Path, tmp_path: Path) -> None:
    """A source with a WAL is restored with the transactions in the WAL."""
    ledger = open_file(file, create=False)
    ledger.transact(1, Transacao(4, "c", "abc"))
    for ending in ("", "-wal"):
        copy = tmp_path / f"copy.db{ending}"
        copy.write_bytes(file.with_name(file.name + ending).read_bytes())
    ledger.close()
    file.unlink()
    run_restore(file, tmp_path / "copy.db")
    assert saldo_in(file) == 9


@pytest.fixture
def in_use(file: Path) -> Iterator[SqliteLedger]:
    ledger = open_file(file, create=False)
    yield ledger
    ledger.close()


def test_a_ledger_in_use_is_left_alone(in_use: SqliteLedger, file: Path, snapshot: Path) -> None:
    """A ledger that an instance, an audit or Litestream holds is not replaced."""
    with pytest.raises(RestoreError, match="in use"):
        run_restore(file, snapshot)
    assert in_use.extrato(1).saldo.total == 5


def test_a_shell_that_writes_or_reads_is_waited_for_by_nobody(file: Path, snapshot: Path) -> None:
    """An open transaction of a shell makes the restore fail at once."""
    shell = apsw.Connection(str(file))
    shell.execute("BEGIN IMMEDIATE; UPDATE clientes SET saldo = 6 WHERE cliente = 1")
    with pytest.raises(RestoreError, match="another program has it open"):
        run_restore(file, snapshot)
    shell.execute("ROLLBACK")
    shell.close()
    assert saldo_in(file) == 5


@pytest.mark.needs("sqlite3")
@pytest.mark.parametrize("words", [[], ["-readonly"]])
def test_a_foreign_shell_that_is_idle_is_seen(file: Path, snapshot: Path, words: list[str]) -> None:
    """An idle sqlite3 shell is noticed: its later writes would be lost."""
    shell = subprocess.Popen(
        ["sqlite3", *words, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert shell.stdin is not None
    assert shell.stdout is not None
    shell.stdin.write("SELECT saldo FROM clientes WHERE cliente = 1;\n")
    shell.stdin.flush()
    assert shell.stdout.readline() == "5\n"
    with pytest.raises(RestoreError, match="another program has it open"):
        run_restore(file, snapshot)
    shell.communicate()
    assert run_restore(file, snapshot) is not None
    assert saldo_in(file) == 3


def test_our_own_shell_is_seen_before_it_asks_anything(file: Path, snapshot: Path) -> None:
    """`rinha sql` holds the ledger as an instance does, from its start to its end."""
    shell = subprocess.Popen(
        [sys.executable, "-m", "rinha", "sql"],
        env={**os.environ, "RINHA_LEDGER": str(file)},
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert shell.stdin is not None
    assert shell.stdout is not None
    # No statement yet: SQLite holds no lock on the ledger.
    shell.stdin.write(".print ready\n")
    shell.stdin.flush()
    assert "ready" in shell.stdout.readline()
    with pytest.raises(RestoreError, match="in use"):
        run_restore(file, snapshot)
    shell.communicate("UPDATE clientes SET saldo = 5 WHERE cliente = 1;\n")
    assert shell.returncode == 0
    assert run_restore(file, snapshot) is not None


@pytest.mark.needs("sqlite3")
def test_nobody_else_writes_while_the_file_is_replaced(
    file: Path, snapshot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No other process writes between the last check of the old file and its replacement."""
    tries: list[str] = []
    link = os.link

    def linked(old: Path, new: Path) -> None:
        link(old, new)
        words = ["sqlite3", str(file), "UPDATE clientes SET saldo = 9 WHERE cliente = 1"]
        tries.append(subprocess.run(words, capture_output=True, text=True, check=False).stderr)

    monkeypatch.setattr(os, "link", linked)
    run_restore(file, snapshot)
    assert len(tries) == 1
    assert "locked" in tries[0]


def test_without_hard_links_nothing_is_touched(
    file: Path, snapshot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file system without hard links is named in the error, and the old files stay unchanged."""
    ledger = open_file(file, create=False)
    ledger.transact(1, Transacao(4, "c", "abc"))
    for ending in ("", "-wal"):
        source = file.with_name(f"{file.name}{ending}")
        source.with_name(f"killed.db{ending}").write_bytes(source.read_bytes())
    ledger.close()
    killed = file.with_name("killed.db")

    def refused(old: Path, _new: Path) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted", str(old))

    monkeypatch.setattr(os, "link", refused)
    with pytest.raises(RestoreError, match="has no hard links"):
        run_restore(killed, snapshot)
    assert saldo_in(killed) == 9
    assert not list(file.parent.glob("killed.db.2*"))


@pytest.mark.parametrize("error", [apsw.FullError, apsw.IOError, apsw.CantOpenError, OSError])
def test_only_what_is_no_database_is_set_aside_with_its_wal(
    file: Path, snapshot: Path, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any error but "no database" on the old file ends the restore and changes nothing."""

    def failing(_file: Path) -> bool:
        raise error("as the disk says")

    monkeypatch.setattr("rinha.replica.restore.is_database", failing)
    before = sorted(file.parent.iterdir())
    with pytest.raises(RestoreError, match="nothing was"):
        run_restore(file, snapshot)
    assert {path.name for path in before} <= {path.name for path in file.parent.iterdir()}
    monkeypatch.undo()
    assert saldo_in(file) == 5


def test_nobody_starts_in_the_middle_of_a_restore(file: Path) -> None:
    """An instance that starts during a restore is refused in one sentence."""
    held = keep_out(file, SqliteLedger.SCHEMA.version)
    assert held is not None
    with pytest.raises(StoreUnusableError, match="being restored"):
        open_file(file, create=False)


@pytest.mark.parametrize(
    ("harm", "complaint"),
    [
        ("UPDATE clientes SET saldo = saldo + 1 WHERE cliente = 1", "fails its audit"),
        ("CREATE TABLE mine (a)", "fails its audit"),
        ("PRAGMA application_id = 7", "not a ledger"),
        ("PRAGMA user_version = 99", "version 99"),
    ],
)
def test_what_is_wrong_is_not_restored(
    file: Path, snapshot: Path, harm: str, complaint: str
) -> None:
    """A wrong source is named in one line; the ledger stays unchanged, and no file is left over."""
    with apsw.Connection(str(snapshot)) as somebody:
        somebody.execute(harm).fetchall()
    somebody.close()
    with pytest.raises(RinhaError, match=complaint) as told:
        run_restore(file, snapshot)
    assert str(snapshot) in str(told.value)
    assert saldo_in(file) == 5
    assert not list(file.parent.glob("rinha.db.restoring*"))


@pytest.mark.parametrize("content", [b"somebody's notes", b""])
def test_what_is_no_database_is_not_restored(file: Path, tmp_path: Path, content: bytes) -> None:
    """A source that is no database, or that is missing, is refused."""
    (tmp_path / "notes").write_bytes(content)
    with pytest.raises(RinhaError, match="not a"):
        run_restore(file, tmp_path / "notes")
    with pytest.raises(RestoreError, match="no such file"):
        run_restore(file, tmp_path / "missing")
    assert saldo_in(file) == 5


@pytest.mark.parametrize("ending", ["", ".tmp", ".later", ".later-wal", ".later.tmp"])
def test_what_a_killed_restore_left_is_removed(file: Path, snapshot: Path, ending: str) -> None:
    """The next restore removes the copies of a killed one: each is as large as the ledger."""
    file.with_name(f"rinha.db.restoring{ending}").write_bytes(b"half of a copy")
    run_restore(file, snapshot)
    assert not list(file.parent.glob("rinha.db.restoring*"))


def test_an_audit_that_cannot_end_restores_nothing(
    file: Path, snapshot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No room for the temporary files of the copy's audit is an error that says what is there."""

    def fail(_engine: SqliteFile) -> list[str]:
        raise apsw.FullError("database or disk is full")

    monkeypatch.setattr(SqliteFile, "problems", fail)
    with pytest.raises(RestoreError, match="nothing was changed"):
        run_restore(file, snapshot)
    assert not list(file.parent.glob("rinha.db.restoring*"))
    assert saldo_in(file) == 5


def test_a_name_that_sqlite_cannot_take_is_refused(file: Path, snapshot: Path) -> None:
    """A source whose name is not in UTF-8 is refused, and nothing is changed."""
    source = snapshot.rename(snapshot.with_name(os.fsdecode(b"\xff.db")))
    with pytest.raises(RestoreError, match="a path in UTF-8"):
        run_restore(file, source)
    assert saldo_in(file) == 5


def test_a_damaged_file_is_kept_with_its_wal(file: Path, snapshot: Path) -> None:
    """A damaged file is kept with its WAL, which must not be taken for the new file's."""
    file.write_bytes(b"rotten")
    file.with_name("rinha.db-wal").write_bytes(b"and so is this")
    kept = run_restore(file, snapshot)
    assert kept is not None
    assert kept.read_bytes() == b"rotten"
    assert kept.with_name(f"{kept.name}-wal").read_bytes() == b"and so is this"
    assert not file.with_name("rinha.db-wal").exists()
    assert saldo_in(file) == 3


def test_what_litestream_knew_of_the_old_one_is_forgotten(file: Path, snapshot: Path) -> None:
    """A restore removes Litestream's local state, which belongs to the old ledger."""
    known = file.with_name(".rinha.db-litestream")
    (known / "ltx").mkdir(parents=True)
    run_restore(file, snapshot)
    assert not known.exists()
