"""The snapshot before an upgrade: one at a time, only where there is space, and none in vain."""

import contextlib
import fcntl
import shutil
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from rinha.crebitos.messages import Transacao
from rinha.crebitos.on_sqlite import SqliteLedger
from rinha.errors import SnapshotError
from rinha.sqlite import snapshot, upgrade
from rinha.sqlite.limits import UPGRADE_SPACE_LEFT_BYTES
from tests.help.ledgers import open_file
from tests.help.old_program import OldProgram, snapshots_of, upgrade_by_a_start, version_of

CREDIT = Transacao(1, "c", "new")


def test_no_snapshot_is_written_beside_an_older_program(
    file: Path, old: OldProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start that cannot upgrade the ledger leaves no work behind, and reads no whole file."""
    monkeypatch.setattr(upgrade, "partial_snapshot", lambda *_: pytest.fail("a snapshot"))
    open_file(file).close()


def test_one_process_at_a_time_makes_the_snapshot(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two copies would need twice the space. In containers they would also have the same name, as
    all instances have one pid."""
    whole = snapshot.partial_snapshot

    @contextlib.contextmanager
    def look(connection: apsw.Connection, target: Path) -> Iterator[Path]:
        with (
            whole(connection, target) as partial,
            file.with_name(f"{file.name}.upgrade").open() as lock,
        ):
            with pytest.raises(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield partial

    monkeypatch.setattr(upgrade, "partial_snapshot", look)
    upgrade_by_a_start(file)


def test_a_killed_upgrade_leaves_no_copy_for_good(file: Path) -> None:
    """The next upgrade removes what a killed one left, as each may be as large as the ledger."""
    for ending in ("", "-journal"):
        file.with_name(f"{file.name}.version-1.4711.partial{ending}").touch()
    upgrade_by_a_start(file)
    assert not list(file.parent.glob("*.partial*"))


def test_a_snapshot_that_would_fill_the_disk_is_refused(
    file: Path, old: OldProgram, ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests need space too: without enough for both no snapshot is begun, and none upgraded."""
    old.close()
    size = file.stat().st_size
    usage = shutil.disk_usage(file.parent)._replace(free=size + UPGRADE_SPACE_LEFT_BYTES - 1)
    monkeypatch.setattr(upgrade, "disk_usage", lambda _path: usage)
    monkeypatch.setattr(upgrade, "partial_snapshot", lambda *_: pytest.fail("a snapshot"))
    with pytest.raises(SnapshotError, match="bytes free, and"):
        open_file(file)
    assert ledger.transact(1, CREDIT)
    monkeypatch.undo()
    upgrade_by_a_start(file)


def test_an_upgrade_that_fails_after_the_snapshot_leaves_none(
    file: Path, old: OldProgram, ledger: SqliteLedger
) -> None:
    """A shell that holds SQLite's lock prevents the upgrade. Each try would leave a snapshot."""
    old.close()
    with contextlib.closing(apsw.Connection(str(file))) as shell:
        shell.execute("BEGIN IMMEDIATE")
        with contextlib.closing(apsw.Connection(str(file))) as connection:
            for _ in range(2):
                with pytest.raises(apsw.BusyError):
                    upgrade.upgrade(
                        connection,
                        file,
                        ledger.SCHEMA,
                        ledger.engine._use,
                        contextlib.nullcontext,
                    )
    assert (version_of(file), snapshots_of(file)) == (1, [])
    OldProgram(file).close()
    upgrade_by_a_start(file)
    assert len(snapshots_of(file)) == 1
