"""A group whose commit fails, or whose client is gone, acknowledges nothing false and ends."""

import contextlib
import fcntl
import logging
import os
from typing import Any

import apsw
import pytest

from rinha.crebitos.on_sqlite import ADD_TRANSACAO, SqliteLedger
from rinha.errors import OutcomeUnknownError, StoreUnavailableError
from rinha.sqlite import group
from rinha.sqlite.lock import lock_file_of
from rinha.sqlite.wal_repair import Wal
from tests.help.commands import wait_until
from tests.help.one_by_one import EXTRATO, LIMITE, TRANSACOES, Service, Syncs, full_only, whole


def test_a_request_that_fails_halfway_undoes_its_group(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transaction that changed the balance and then failed is never committed, with nobody's."""
    answers = service.begin(TRANSACOES, TRANSACOES)
    execute = service.ledger.engine.execute

    def fail(sql: str, *words: Any) -> Any:
        if sql == ADD_TRANSACAO:
            raise apsw.NoMemError("out of memory")
        return execute(sql, *words)

    monkeypatch.setattr(service.ledger, "_execute", fail)
    assert "out of memory" in service.answer(TRANSACOES)["error"]
    monkeypatch.undo()
    for _, rest in answers:
        with pytest.raises(StoreUnavailableError, match="try again"):
            list(rest)
    assert service.saldo() == 0
    assert service.answer(TRANSACOES)["saldo"] == 1


def test_a_failed_commit_breaks_off_its_group_and_refuses_in_full_after_that(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A commit that fails breaks its own group off. Until one succeeds, each failure is a 503."""
    answers = service.begin(TRANSACOES, TRANSACOES, EXTRATO)
    writing = service.ledger.engine.writing
    execute = writing._execute

    def fail(sql: str) -> Any:
        if sql == "COMMIT":
            raise apsw.FullError("database or disk is full")
        return execute(sql)

    monkeypatch.setattr(writing, "_execute", fail)
    for _, rest in answers:
        with pytest.raises(StoreUnavailableError, match="full"):
            list(rest)
    for _ in range(2):
        assert "full" in service.answer(TRANSACOES)["error"]
    assert [status[:3] for status in service.statuses] == ["200"] * 3 + ["503"] * 2
    monkeypatch.undo()
    assert service.answer(TRANSACOES)["saldo"] == service.saldo() == 1


def test_a_commit_that_was_interrupted_acknowledges_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No answer ends whose group's commit was interrupted."""
    answers = service.begin(TRANSACOES, TRANSACOES)
    writing = service.ledger.engine.writing
    execute = writing._execute

    def interrupt(sql: str) -> Any:
        if sql == "COMMIT":
            raise KeyboardInterrupt
        return execute(sql)

    monkeypatch.setattr(writing, "_execute", interrupt)
    (_, first), (_, second) = answers
    with pytest.raises(KeyboardInterrupt):
        next(first)
    with pytest.raises(OutcomeUnknownError):
        next(second)
    assert service.saldo() == 0


def test_a_vanished_client_leaves_no_group_open(service: Service) -> None:
    """If bjoern drops an answer, the group is committed and the lock is free."""
    [(_, rest), *others] = service.begin(TRANSACOES, TRANSACOES)
    rest.close()  # type: ignore[attr-defined]
    assert service.ledger.engine.group is None
    assert service.saldo() == 2
    assert whole(others)[0]["saldo"] == 2


@pytest.mark.parametrize("reader", ["vanished", "does not read"])
def test_a_failure_that_nobody_can_be_told_is_logged(
    reader: str,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A failed commit is in the log, also if no client is left to whom it could be answered."""
    monkeypatch.setattr(logging.getLogger("rinha"), "propagate", True)
    [(_, rest)] = service.begin(TRANSACOES)
    writing = service.ledger.engine.writing

    def fail() -> None:
        writing._rollback()
        raise apsw.FullError("database or disk is full")

    monkeypatch.setattr(writing, "_commit", fail)
    if reader == "vanished":
        rest.close()  # type: ignore[attr-defined]
    wait_until(lambda: any("store unavailable" in line for line in caplog.messages))


def test_a_group_that_nobody_ends_is_committed_in_time(service: Service) -> None:
    """A client that does not read its answer does not keep the lock from the other instance."""
    answers = service.begin(TRANSACOES)
    wait_until(lambda: service.saldo() == 1)
    assert service.ledger.engine.group is None
    assert whole(answers)[0]["saldo"] == 1


def test_a_refusal_by_a_group_that_fails_is_no_refusal(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refusal that depends on transactions that are undone is a 503."""
    monkeypatch.setattr(group, "GROUP_TRANSACTIONS_MAX", 2)
    waiting = service.begin(TRANSACOES, valor=LIMITE, tipo="d")
    writing = service.ledger.engine.writing

    def fail() -> None:
        writing._rollback()
        raise apsw.FullError("database or disk is full")

    monkeypatch.setattr(writing, "_commit", fail)
    assert "full" in service.answer(TRANSACOES, tipo="d")["error"]
    assert [status[:3] for status in service.statuses] == ["200", "503"]
    assert waiting


@full_only
def test_what_was_in_the_wal_before_is_synced_first(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An instance syncs the WAL that it finds, before it writes: its sync may have failed."""
    service.answer(TRANSACOES)
    file = service.ledger.engine.path
    syncs = Syncs(monkeypatch)
    syncs.fail = True
    with contextlib.closing(SqliteLedger(file, synchronous="FULL", lock_wait_s=1)) as later:
        instance = Service(later)
        with later.engine.serving():
            assert "nothing was written" in instance.answer(TRANSACOES)["error"]
            syncs.fail = False
            instance.answer(TRANSACOES)
            # Two failed ones, at the start and for the refusal. Then one before and one after the
            # WAL is written again, and the answer's own.
            assert syncs.count == 5
            instance.answer(TRANSACOES)
            assert syncs.count == 6


@full_only
def test_others_write_while_a_long_wal_is_repaired(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The repair of an earlier process' WAL takes time by its length: nobody waits for the lock."""
    service.answer(TRANSACOES)
    file = service.ledger.engine.path
    repaired = []

    def look(*words: Any) -> None:
        with lock_file_of(file).open() as lock, apsw.Connection(str(file)) as other:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            other.execute("UPDATE clientes SET saldo = saldo + 1 WHERE cliente = 1")
        repaired.append(words)
        write_again(*words)

    write_again = Wal._write_frames_again
    monkeypatch.setattr(Wal, "_write_frames_again", look)
    with contextlib.closing(SqliteLedger(file, synchronous="FULL", lock_wait_s=1)) as later:
        assert Service(later).answer(TRANSACOES)["saldo"] == 3
    assert len(repaired) == 1


@full_only
def test_a_failed_sync_breaks_off_all_that_waited(
    service: Service, syncs: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failed sync breaks off all waiting answers, and the next commit first rewrites the WAL."""
    waiting = service.begin(*[TRANSACOES] * 3)
    syncs.fail = True
    for _, rest in waiting:
        with pytest.raises(OutcomeUnknownError):
            list(rest)
    assert syncs.count == 1
    assert "nothing was written" in service.answer(TRANSACOES)["error"]
    syncs.fail = False
    written: list[int] = []
    write = os.pwrite

    def counted(fd: int, piece: bytes, place: int) -> int:
        written.append(len(piece))
        return write(fd, piece, place)

    monkeypatch.setattr(os, "pwrite", counted)
    assert service.answer(TRANSACOES)["saldo"] == 4
    # Three frames at least: the group changed three pages.
    assert sum(written) > 3 * 1024
