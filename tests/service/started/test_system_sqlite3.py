"""The system's own sqlite3, of any version, may read the live ledger."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.help.commands import assert_sound
from tests.help.effort import drawn_seed
from tests.help.running import Stack
from tests.help.transaction_load import TransactionLoad

pytestmark = pytest.mark.needs("sqlite3", "strace")

LOOKS = 25
LOOK = "SELECT * FROM saldos"
# System calls that change, make, rename or remove a file.
CHANGES = re.compile(r"^(?:\d+ +)?(\w+)\((\d+)<([^>]*)>|^(?:\d+ +)?(unlink\w*|rename\w*)\((.*)")
TRACED = "trace=write,pwrite64,writev,ftruncate,fallocate,unlink,unlinkat,rename,renameat,renameat2"


def look(log: Path, *words: str | Path) -> tuple[str, list[str]]:
    """Returns the output of sqlite3, and each system call that changed the ledger or its WAL."""
    strace = ["strace", "-f", "-y", "-o", str(log), "-e", TRACED, "sqlite3"]
    done = subprocess.run([*strace, *words], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout, [line for line in log.read_text().splitlines() if changes_ledger(line)]


def changes_ledger(line: str) -> bool:
    found = CHANGES.match(line)
    names = f"{found[3]} {found[5]}" if found else ""
    return re.search(r"rinha\.db(-wal)?\b(?!-shm)", names) is not None


def test_a_reader_changes_nothing_under_load(tmp_path: Path) -> None:
    """25 reads at 340 requests/s see five clients and write nothing; no request fails."""
    with Stack(tmp_path) as stack:
        with TransactionLoad(stack.port, 340, drawn_seed()) as load:
            for _ in range(LOOKS):
                said, changes = look(tmp_path / "strace.log", "-readonly", stack.file, LOOK)
                assert len(said.splitlines()) == 5
                assert changes == []
        assert load.failed == []
        load.assert_explains_every_balance()
        assert_sound(stack.file)


def test_a_reader_changes_nothing_that_a_crash_left(tmp_path: Path) -> None:
    """After a crash a read-only reader reads the WAL and leaves both files unchanged."""
    with Stack(tmp_path) as stack:
        assert stack.client().transact(1, 7, "c").json["saldo"] == 7
        for process in stack.instances:
            process.kill()
            process.wait()
        log = Path(f"{stack.file}-wal")
        before = (stack.file.read_bytes(), log.read_bytes())
        said, changes = look(tmp_path / "strace.log", "-readonly", stack.file, LOOK)
        assert said.startswith("1|7|100000|")
        assert changes == []
        assert (stack.file.read_bytes(), log.read_bytes()) == before


def test_a_handle_that_may_write_is_seen_to_do_so(tmp_path: Path) -> None:
    """The check by strace works: the same read without -readonly changes the ledger."""
    with Stack(tmp_path) as stack:
        stack.client().transact(1, 7, "c")
        for process in stack.instances:
            process.kill()
            process.wait()
        for name in ("rinha.db", "rinha.db-wal"):
            (tmp_path / "copy").mkdir(exist_ok=True)
            shutil.copy(tmp_path / name, tmp_path / "copy" / name)
        _, changes = look(tmp_path / "strace.log", tmp_path / "copy" / "rinha.db", LOOK)
        assert any("pwrite64" in change for change in changes)
        assert any("unlink" in change for change in changes)
