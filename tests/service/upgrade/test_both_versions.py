"""Programs of two versions work on one ledger, and no program loses its lock on it."""

import contextlib
import threading
import time
from pathlib import Path

import falcon.testing
import pytest

from rinha.crebitos.ledger import ClienteClosedError
from rinha.crebitos.on_sqlite import SqliteLedger
from rinha.crebitos.on_sqlite_clientes import SqliteClientes
from rinha.crebitos.on_sqlite_restore import restore
from rinha.crebitos.routes import add_routes
from rinha.errors import NotUpgradedError, RestoreError, StoreUnusableError
from rinha.http import create_app
from rinha.move import move
from rinha.pessoas.on_sqlite import SqliteRegistry
from rinha.settings import load
from rinha.sqlite.entry import enter_for_another
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


def test_both_programs_write_one_ledger(file: Path, old: OldProgram, ledger: SqliteLedger) -> None:
    """A start beside an older program leaves the tables as they are; both see all transactions,
    and find no problem."""
    saldo = ledger.extrato(1).saldo.total
    for _ in range(5):
        assert old.credit(1) == saldo + 1
        saldo = ledger.transact(1, CREDIT).saldo
        assert saldo == old.credit(1) - 1
        saldo += 1
    assert (version_of(file), snapshots_of(file)) == (1, [])
    assert ledger.overview().clientes[0].saldo == saldo
    assert ledger.audit().problems == []
    assert old.problems() == []
    assert OldProgram(file).problems() == [], "another one can start"


def test_the_upgrade_reaches_a_running_instance(
    file: Path, old: OldProgram, ledger: SqliteLedger
) -> None:
    """Once the older program has ended, a start upgrades, and an instance of before goes on: with
    keys, and with its lock against an older program's restore."""
    saldo = ledger.transact(1, CREDIT).saldo
    old.close()
    upgrade_by_a_start(file)
    assert len(snapshots_of(file)) == 1
    assert [ledger.transact_once(1, CREDIT, "k").saldo for _ in range(2)] == [saldo + 1] * 2
    assert ledger.audit().problems == []
    assert_restore_of_old_is_refused(file)
    with pytest.raises(RefusedByOldError, match="knows 1"):
        OldProgram(file)


def test_an_idle_instance_sees_the_upgrade_within_a_second(
    file: Path, old: OldProgram, ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From its first request after a second on, the instance keeps a restore by an older program
    away, with or without a key."""
    old.close()
    upgrade_by_a_start(file)
    later = time.monotonic() + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    ledger.extrato(1)
    assert_restore_of_old_is_refused(file)


def test_a_key_is_refused_while_it_could_be_ignored(
    file: Path, old: OldProgram, ledger: SqliteLedger
) -> None:
    """Until the upgrade a request with a key gets a 503 that says why, and writes nothing."""
    api = falcon.testing.TestClient(create_app(ledger, add_routes, reset=True))
    before = ledger.extrato(1).saldo.total

    def answer() -> falcon.testing.Result:
        return api.simulate_post(
            "/clientes/1/transacoes",
            json={"valor": 1, "tipo": "c", "descricao": "abc"},
            headers={"Idempotency-Key": '"k"'},
        )

    refused = answer()
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
    assert "older program" in refused.json["error"]
    assert ledger.extrato(1).saldo.total == before
    old.close()
    upgrade_by_a_start(file)
    assert answer().json["saldo"] == before + 1


def test_an_older_program_that_was_given_a_link_is_found(file: Path) -> None:
    """Programs of version 1 do not follow a symbolic link to the file: their lock is beside it."""
    link = file.with_name("link.db")
    link.symlink_to(file.name)
    settings = load({"RINHA_LEDGER": str(link)})
    with contextlib.closing(SqliteLedger.open(settings, create=True)) as ledger:
        old = OldProgram(link)
        for _ in range(2):
            ledger.engine.upgrade()
            with pytest.raises(NotUpgradedError):
                ledger.transact_once(1, CREDIT, "k")
        old.close()
        ledger.engine.upgrade()
        assert ledger.transact_once(1, CREDIT, "k")
    upgrade_by_a_start(file)


def test_clients_are_not_changed_before_the_upgrade(old: OldProgram, ledger: SqliteLedger) -> None:
    """`rinha cliente` refuses in one line: an older program would not know a closed client."""
    with pytest.raises(StoreUnusableError, match="version 1: `rinha init` upgrades it once"):
        SqliteClientes(ledger)


def test_an_instance_that_has_not_seen_the_upgrade_knows_what_is_new(
    file: Path, old: OldProgram, ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before an instance sees the upgrade, it already knows a client that is closed after it, and
    its reset forgets keys."""
    monkeypatch.setattr(ledger.engine, "_see_version", lambda: None)
    ledger.reset()
    old.close()
    upgrade_by_a_start(file)
    with contextlib.closing(open_file(file)) as other:
        changed = SqliteClientes(other).close(2)
        assert changed is not None
        assert changed.done
        with pytest.raises(ClienteClosedError):
            ledger.transact(2, CREDIT)
        assert other.transact_once(1, CREDIT, "k").saldo == 1
        assert ledger.audit().problems == []
        ledger.reset()
        assert ledger.audit().problems == []
        assert other.transact_once(1, CREDIT, "k").saldo == 1, "the reset left the key"


def test_each_program_resets_before_and_after(
    file: Path, old: OldProgram, ledger: SqliteLedger
) -> None:
    """A reset by either program leaves a sound ledger to both; one after the upgrade forgets the
    keys too."""
    ledger.reset()
    assert old.credit(1) == 1
    old.reset()
    assert ledger.transact(1, CREDIT).saldo == 1
    assert (old.problems(), ledger.audit().problems) == ([], [])
    old.close()
    upgrade_by_a_start(file)
    assert ledger.transact_once(1, CREDIT, "k").saldo == 2
    ledger.reset()
    assert ledger.transact_once(1, CREDIT, "k").saldo == 1
    assert ledger.audit().problems == []


def test_a_restore_finds_every_user(file: Path, snapshot: Path) -> None:
    """A restore is refused while an instance of either program uses the ledger, in each state."""
    settings = load({"RINHA_LEDGER": str(file)})

    def assert_refused() -> None:
        with pytest.raises(RestoreError, match="in use"):
            restore(settings, snapshot, None)

    old = OldProgram(file)
    assert_refused()
    new = open_file(file)
    assert_refused()
    assert_restore_of_old_is_refused(file)
    old.close()
    assert_refused()
    upgrade_by_a_start(file)
    assert_refused()
    new.close()
    restore(settings, snapshot, None)
    assert version_of(file) == 1
    OldProgram(file).close()


def test_a_move_needs_the_upgrade(file: Path, old: OldProgram, ledger: SqliteLedger) -> None:
    """Neither side of a move may be a ledger that an older program uses."""
    with pytest.raises(StoreUnusableError, match="in use"):
        ledger.content.begin_move()
    with (
        contextlib.closing(open_file(file.with_name("new.db"))) as new,
        pytest.raises(StoreUnusableError, match="version 1: `rinha init`"),
    ):
        move(new, ledger, str(file), print)


def test_another_program_in_place_of_this_one_leaves_the_older_lock(
    file: Path, snapshot: Path
) -> None:
    """A shell, or Litestream, on a ledger of version 1 keeps restores out and no upgrade off; later
    it keeps an older program's restore out too."""
    schema = SqliteLedger.SCHEMA
    shell = enter_for_another(file, schema)
    with pytest.raises(RestoreError, match="in use"):
        restore(load({"RINHA_LEDGER": str(file)}), snapshot, None)
    upgrade_by_a_start(file)
    shell.close()
    shell = enter_for_another(file, schema)
    assert_restore_of_old_is_refused(file)
    shell.close()


def test_a_registry_has_the_lock_of_then_only(tmp_path: Path) -> None:
    """The registry has one version, and one lock, which programs of both versions share."""
    file = tmp_path / "pessoas.db"
    with contextlib.closing(SqliteRegistry(file, synchronous="FULL", lock_wait_s=1)) as registry:
        assert registry.engine.has_newest_version()
        assert_restore_of_old_is_refused(file)
        names = {path.name for path in tmp_path.iterdir()}
        assert {name for name in names if "users" in name} == {"pessoas.db.users"}
        with registry.engine.serving():
            assert "upgrade" not in {thread.name for thread in threading.enumerate()}
