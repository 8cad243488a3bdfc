"""The upgrade happens once no older program uses the ledger: once, whole, after one snapshot."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from rinha.crebitos.on_sqlite import SqliteLedger
from rinha.errors import SnapshotError
from rinha.sqlite import snapshot, upgrade
from tests.help.forks import apart, run_at_once
from tests.help.ledgers import open_file
from tests.help.old_program import (
    CREDIT,
    OldProgram,
    RefusedByOldError,
    assert_restore_of_old_is_refused,
    snapshots_of,
    upgrade_by_a_start,
    version_of,
)
from tests.help.running import finish, rinha

UPGRADED_MAX_S = 60


def test_an_older_program_can_start_until_the_last_moment(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older program that starts during the snapshot stops the upgrade, which leaves no file."""
    started: list[OldProgram] = []
    whole = snapshot.partial_snapshot

    @contextlib.contextmanager
    def start_during(connection: apsw.Connection, target: Path) -> Iterator[Path]:
        with whole(connection, target) as partial:
            started.append(OldProgram(file))
            yield partial

    monkeypatch.setattr(upgrade, "partial_snapshot", start_during)
    with contextlib.closing(open_file(file)) as ledger:
        assert (version_of(file), snapshots_of(file)) == (1, [])
        assert started[0].credit(1) + 1 == ledger.transact(1, CREDIT).saldo
        assert started[0].problems() == ledger.audit().problems == []
    monkeypatch.undo()
    started[0].close()
    upgrade_by_a_start(file)


def test_an_upgrade_by_another_process_is_enough(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If another process upgrades the ledger before this one may, that is not done twice."""
    whole = upgrade._alone

    @contextlib.contextmanager
    def upgrade_before(path: Path) -> Iterator[None]:
        apart(upgrade_by_a_start, path)
        with whole(path):
            yield

    monkeypatch.setattr(upgrade, "_alone", upgrade_before)
    monkeypatch.setattr(upgrade, "partial_snapshot", lambda *_: pytest.fail("a snapshot"))
    with contextlib.closing(open_file(file)) as ledger:
        assert ledger.transact_once(1, CREDIT, "k")
    assert len(snapshots_of(file)) == 1


def test_a_command_that_reads_keeps_no_upgrade_off(file: Path) -> None:
    """While `rinha check` or `snapshot` reads a ledger of version 1, a start upgrades it."""
    with contextlib.closing(open_file(file, create=False)) as reading:
        upgrade_by_a_start(file)
        assert reading.audit().problems == []


def test_no_older_program_starts_during_the_transaction(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the proof that no older program runs to the commit none can start."""

    def refuse_old(path: Path) -> Path:
        with pytest.raises(RefusedByOldError, match="in use"):
            OldProgram(file)
        return path.with_name(f"{path.name}.seen")

    monkeypatch.setattr(upgrade, "name_with_time", refuse_old)
    upgrade_by_a_start(file)
    assert [each.name for each in snapshots_of(file)] == ["rinha.db.version-1.seen"]


def _open(file: Path, writes: int) -> None:
    ledger = open_file(file, lock_wait_s=20)
    for _ in range(writes):
        ledger.transact(1, CREDIT)
    ledger.close()


def test_of_starts_at_once_one_upgrades(file: Path, old: OldProgram, ledger: SqliteLedger) -> None:
    """Starts at the same time, beside an instance, upgrade once, after one snapshot."""
    saldo = ledger.extrato(1).saldo.total
    old.close()
    run_at_once(_open, [(file, 20)] * 4)
    assert version_of(file) == 2
    assert len(snapshots_of(file)) == 1
    assert ledger.transact_once(1, CREDIT, "k").saldo == saldo + 20 * 4 + 1
    assert ledger.audit().problems == []


def test_init_says_that_the_upgrade_is_to_come(file: Path, old: OldProgram) -> None:
    """`rinha init` beside an older program succeeds, and says what is left to do."""
    code, out, err = finish(rinha("init", RINHA_LEDGER=str(file)))
    assert (code, err) == (0, "")
    assert out.startswith(f"{file} is ready\n")
    assert "after that program has ended" in out
    old.close()
    assert finish(rinha("init", RINHA_LEDGER=str(file)))[1] == f"{file} is ready\n"
    assert version_of(file) == 2


def is_soon(condition: Callable[[], bool]) -> bool:
    until = time.monotonic() + UPGRADED_MAX_S
    while not condition() and time.monotonic() < until:
        time.sleep(0.01)
    return condition()


def test_an_instance_upgrades_by_itself(
    file: Path, old: OldProgram, ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without another start an instance upgrades the ledger, soon after the older program ended
    and not before."""
    tried = threading.Semaphore(0)
    whole = upgrade.upgrade

    def count(*args: Any) -> None:
        whole(*args)
        tried.release()

    monkeypatch.setattr(upgrade, "UPGRADE_TRY_EVERY_S", 0.01)
    monkeypatch.setattr(upgrade, "upgrade", count)
    events: list[str] = []
    monkeypatch.setattr(upgrade, "log_event", lambda _level, event, **_: events.append(event))
    saldo = ledger.extrato(1).saldo.total
    with ledger.engine.serving():
        for _ in range(3):
            assert tried.acquire(timeout=UPGRADED_MAX_S)
        assert ledger.transact(1, CREDIT).saldo == saldo + 1
        assert version_of(file) == 1
        old.close()
        assert is_soon(lambda: bool(events))
    assert_restore_of_old_is_refused(file)
    assert len(snapshots_of(file)) == 1
    assert ledger.transact_once(1, CREDIT, "k").saldo == saldo + 2
    assert events == ["upgraded"]


def test_an_instance_serves_during_the_snapshot(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start does not wait for the snapshot, which may take longer than a start may: `make up`
    would take the instance for one that does not come up."""
    begun, may_end = threading.Event(), threading.Event()
    whole = snapshot.partial_snapshot

    @contextlib.contextmanager
    def wait(connection: apsw.Connection, target: Path) -> Iterator[Path]:
        begun.set()
        assert may_end.wait(UPGRADED_MAX_S)
        with whole(connection, target) as partial:
            yield partial

    monkeypatch.setattr(upgrade, "partial_snapshot", wait)
    started = SqliteLedger(file, synchronous="NORMAL", lock_wait_s=0.2)
    with contextlib.closing(started) as ledger, ledger.engine.serving():
        assert begun.wait(UPGRADED_MAX_S)
        saldo = ledger.transact(1, CREDIT).saldo
        may_end.set()
        assert is_soon(ledger.engine.has_newest_version)
        assert ledger.transact_once(1, CREDIT, "k").saldo == saldo + 1


def test_a_failed_upgrade_is_tried_again(
    file: Path, old: OldProgram, ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If an instance cannot write the snapshot, it serves on, and older programs can start."""
    failed = threading.Semaphore(0)

    def fail(*_: object) -> None:
        failed.release()
        raise SnapshotError("no space")

    monkeypatch.setattr(upgrade, "UPGRADE_TRY_EVERY_S", 0.01)
    monkeypatch.setattr(upgrade, "put_in_place", fail)
    reasons: list[object] = []
    monkeypatch.setattr(upgrade, "log_event", lambda *_, reason: reasons.append(reason))
    with ledger.engine.serving():
        old.close()
        for _ in range(2):
            assert failed.acquire(timeout=UPGRADED_MAX_S)
        ledger.transact(1, CREDIT)
    assert "no space" in reasons
    OldProgram(file).close()
    monkeypatch.undo()
    upgrade_by_a_start(file)


def test_an_audit_during_the_upgrade_compares_with_its_own_snapshot(
    file: Path, old: OldProgram, ledger: SqliteLedger
) -> None:
    """An audit that began before the upgrade finds the tables of version 1 in order."""
    old.close()
    with ledger.engine.reading():
        ledger.engine.execute("SELECT count(*) FROM clientes").fetchall()
        upgrade_by_a_start(file)
        assert ledger.engine.problems() == []
    assert ledger.engine.problems() == []
