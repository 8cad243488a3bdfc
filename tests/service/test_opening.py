"""Files on which a ledger can be opened, and one clear line for all others."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from rinha.errors import StoreUnusableError
from rinha.sqlite.entry import can_corrupt_wal
from tests.help.ledgers import open_file
from tests.help.running import ROOT

NOBODY = 65534


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ((3, 6, 23), False),
        ((3, 7, 0), True),
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 45, 0), True),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 54, 1), False),
        ((4, 0, 0), False),
    ],
)
def test_affected_sqlite_versions_are_known(version: tuple[int, ...], expected: bool) -> None:
    """SQLite 3.7.0 to 3.51.2 can corrupt a ledger with two writers, except two patched branches."""
    assert can_corrupt_wal(version) == expected


def test_an_affected_sqlite_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An SQLite that may corrupt the ledger is refused, and no file is made."""
    monkeypatch.setattr(apsw, "sqlite_lib_version", lambda: "3.40.1")
    with pytest.raises(StoreUnusableError, match=r"3\.40\.1"):
        open_file(tmp_path / "rinha.db")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_directory_is_refused(tmp_path: Path) -> None:
    """A missing directory is refused: an unmounted one must not be taken for an empty one."""
    with pytest.raises(StoreUnusableError, match="no directory"):
        open_file(tmp_path / "missing" / "rinha.db")


def test_a_ledger_that_must_exist_is_not_made(tmp_path: Path) -> None:
    """A ledger that must exist is not made: an audit of a wrong path must not pass."""
    with pytest.raises(StoreUnusableError, match="no ledger"):
        open_file(tmp_path / "rinha.db", create=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content", [b"hello, I am not a database", b"\x00" * 5000, os.urandom(9000)]
)
def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path, content: bytes) -> None:
    """A foreign file is refused and left unchanged."""
    file = tmp_path / "rinha.db"
    file.write_bytes(content)
    with pytest.raises(StoreUnusableError, match="not a database"):
        open_file(file)
    assert file.read_bytes() == content


def test_a_directory_in_its_place_is_refused(tmp_path: Path) -> None:
    """A directory at the ledger's path is refused with a clear line."""
    (tmp_path / "rinha.db").mkdir()
    with pytest.raises(StoreUnusableError, match="not a regular file"):
        open_file(tmp_path / "rinha.db")


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("CREATE TABLE songs (title TEXT)", "not a ledger"),
        ("PRAGMA application_id = 7", "not a ledger"),
        ("PRAGMA application_id = 1919512168; PRAGMA user_version = 3", "version 3"),
    ],
)
def test_another_programs_database_is_left_alone(
    tmp_path: Path, script: str, complaint: str
) -> None:
    """A foreign SQLite file, or one of a newer version, is refused and left unchanged."""
    file = tmp_path / "rinha.db"
    other = sqlite3.connect(file)
    other.executescript(script + "; VACUUM")
    other.close()
    content = file.read_bytes()
    with pytest.raises(StoreUnusableError, match=complaint):
        open_file(file)
    assert file.read_bytes() == content


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody without rights")
@pytest.mark.parametrize("existing", ["", "a directory", "a file"])
def test_a_directory_without_write_permission_is_refused(tmp_path: Path, existing: str) -> None:
    """A read-only directory gives one line with the path, with a ledger or without."""
    if existing:
        open_file(tmp_path / "rinha.db").close()
        (tmp_path / "rinha.db.lock").chmod(0o666)
    program = (
        "import os, sys; sys.path.insert(0, sys.argv[2]); from pathlib import Path\n"
        "from rinha.crebitos.on_sqlite import SqliteLedger\n"
        "from rinha.errors import StoreUnusableError\n"
        f"os.setgid({NOBODY}); os.setuid({NOBODY})\n"
        "try: SqliteLedger(Path('rinha.db'), synchronous='NORMAL', lock_wait_s=1)\n"
        "except StoreUnusableError as error: print(error)\n"
    )
    tmp_path.chmod(0o777 if existing == "a file" else 0o755)
    words = [sys.executable, "-c", program, str(tmp_path), str(ROOT)]
    # The user without rights could not write the coverage data.
    environment = {name: text for name, text in os.environ.items() if "COV" not in name}
    done = subprocess.run(
        words, capture_output=True, text=True, check=True, cwd=tmp_path, env=environment
    )
    assert done.stderr == ""
    assert "rinha.db" in done.stdout
    assert len(done.stdout.splitlines()) == 1


def test_a_file_without_a_schema_yet_becomes_a_ledger(tmp_path: Path) -> None:
    """An empty file becomes a ledger: an instance may have died while it made the file."""
    (tmp_path / "rinha.db").write_bytes(b"")
    ledger = open_file(tmp_path / "rinha.db")
    assert ledger.extrato(1).saldo.limite == 100000
    ledger.close()
