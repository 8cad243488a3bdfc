"""The answer to a commit ends only when the commit is durable; many answers share one sync."""

import errno
import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import falcon.testing
import pytest

from rinha.crebitos.on_sqlite import SqliteLedger
from rinha.crebitos.routes import add_routes
from rinha.errors import OutcomeUnknownError
from rinha.group_commit import until_durable
from rinha.http import create_app

Ask = Callable[[str], Iterable[bytes]]


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[Ask]:
    """Yields a function that requests a path as bjoern does; a POST is a credit of 1."""
    ledger = SqliteLedger(tmp_path / "rinha.db", synchronous="FULL", lock_wait_s=0.2)
    with ledger.engine.serving():
        application = create_app(ledger, add_routes, reset=True)

        def ask(path: str) -> Iterable[bytes]:
            body = '{"valor": 1, "tipo": "c", "descricao": "abc"}'
            method = "GET" if path.endswith("extrato") else "POST"
            environ = falcon.testing.create_environ(path, method=method, body=body)
            return application(environ, lambda *_: lambda _: None)

        yield ask
    ledger.close()


class Syncs:
    """Counts the syncs by os.fdatasync, and makes them fail on demand."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.fail = False
        self._sync = os.fdatasync
        patch.setattr(os, "fdatasync", self._count)

    def _count(self, fd: int) -> None:
        self.count += 1
        if self.fail:
            raise OSError(errno.EIO, "Input/output error")
        self._sync(fd)


@pytest.fixture
def syncs(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> Syncs:
    """Counts from the second transaction on: the first one also syncs the WAL it finds."""
    list(ask("/reset"))
    return Syncs(monkeypatch)


def begun(ask: Ask, count: int) -> list[tuple[bytes, Iterator[bytes]]]:
    """Returns the part of each answer that bjoern may have before the sync, and the rest."""
    answers = [iter(ask("/clientes/1/transacoes")) for _ in range(count)]
    return [(next(answer), answer) for answer in answers]


def test_answers_that_wait_share_one_sync(ask: Ask, syncs: Syncs) -> None:
    """No answer ends before the sync, and the first answer that ends makes the sync for all."""
    answers = begun(ask, 5)
    assert syncs.count == 0
    for first, _ in answers:
        with pytest.raises(json.JSONDecodeError):
            json.loads(first)
    whole = [json.loads(b"".join((first, *rest))) for first, rest in answers]
    assert [answer["saldo"] for answer in whole] == [1, 2, 3, 4, 5]
    assert syncs.count == 1


def test_what_was_in_the_wal_before_is_synced_first(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first transaction syncs the WAL it finds: an earlier sync of it may have failed."""
    syncs = Syncs(monkeypatch)
    syncs.fail = True
    [answer] = json.loads(b"".join(ask("/clientes/1/transacoes"))).values()
    assert "nothing was written" in answer
    syncs.fail = False
    list(ask("/clientes/1/transacoes"))
    # One failed sync, one before and one after the WAL is written again, and the answer's own.
    assert syncs.count == 4
    list(ask("/clientes/1/transacoes"))
    assert syncs.count == 5


def test_a_commit_after_the_sync_has_one_of_its_own(ask: Ask, syncs: Syncs) -> None:
    """A commit after a sync needs a sync of its own."""
    for number in (1, 2):
        [(_, rest)] = begun(ask, 1)
        list(rest)
        assert syncs.count == number


def test_what_writes_nothing_waits_for_nothing(ask: Ask, syncs: Syncs) -> None:
    """A statement and a refusal are returned whole at once, even while a commit waits."""
    waiting = begun(ask, 1)
    for path in ("/clientes/1/extrato", "/clientes/6/transacoes"):
        assert json.loads(b"".join(ask(path)))
    assert syncs.count == 0
    assert waiting


def test_a_reset_waits_for_its_sync_too(ask: Ask, syncs: Syncs) -> None:
    """The answer to a reset ends only after its sync."""
    answer = iter(ask("/reset"))
    next(answer)
    assert syncs.count == 0
    list(answer)
    assert syncs.count == 1


def test_a_failed_sync_breaks_off_all_that_waited(
    ask: Ask, syncs: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failed sync breaks off all waiting answers, and the next commit first rewrites the WAL."""
    waiting = begun(ask, 3)
    syncs.fail = True
    for _, rest in waiting:
        with pytest.raises(OutcomeUnknownError):
            list(rest)
    assert syncs.count == 1
    refused = json.loads(b"".join(ask("/clientes/1/transacoes")))
    assert "nothing was written" in refused["error"]
    syncs.fail = False
    written: list[int] = []
    write = os.pwrite

    def counted(fd: int, piece: bytes, place: int) -> int:
        written.append(len(piece))
        return write(fd, piece, place)

    monkeypatch.setattr(os, "pwrite", counted)
    [(first, rest)] = begun(ask, 1)
    assert sum(written) > 3 * 1024
    assert json.loads(b"".join((first, *rest)))["saldo"] == 4


@pytest.mark.parametrize("body", [b"", b"x", b"xy"])
def test_a_short_answer_is_not_whole_before_the_sync_either(body: bytes) -> None:
    """The last byte of an answer comes after the sync, for an answer of any length."""
    parts: list[bytes] = []
    synced_after: list[bytes] = []
    for part in until_durable(body, lambda: synced_after.append(b"".join(parts))):
        parts.append(part)
    assert b"".join(parts) == body
    assert synced_after == [body[: len(body) // 2]]
