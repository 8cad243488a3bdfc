"""An answer about a commit ends only when that one is safe from a power cut; many share a sync."""

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
from rinha.group_commit import when_durable
from rinha.http import create_app

Ask = Callable[[str], Iterable[bytes]]


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[Ask]:
    """Gives what bjoern is given; a credit of 1, or whatever path is asked for."""
    ledger = SqliteLedger(tmp_path / "rinha.db", synchronous="FULL", lock_wait_s=0.2)
    with ledger.engine.serving() as safety:
        assert safety
        application = when_durable(create_app(ledger, add_routes, reset=True), safety)

        def ask(path: str) -> Iterable[bytes]:
            body = '{"valor": 1, "tipo": "c", "descricao": "abc"}'
            method = "GET" if path.endswith("extrato") else "POST"
            environ = falcon.testing.create_environ(path, method=method, body=body)
            return application(environ, lambda *_: lambda _: None)

        yield ask
    ledger.close()


class Syncs:
    """The syncs past SQLite: how many there were, and whether they fail from now on."""

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
    """From the second transaction on: the first one makes safe what was in the log before."""
    list(ask("/reset"))
    return Syncs(monkeypatch)


def begun(ask: Ask, count: int) -> list[tuple[bytes, Iterator[bytes]]]:
    """As many answers to credits as far as bjoern may have them before a sync, and their rest."""
    answers = [iter(ask("/clientes/1/transacoes")) for _ in range(count)]
    return [(next(answer), answer) for answer in answers]


def test_answers_that_wait_share_one_sync(ask: Ask, syncs: Syncs) -> None:
    """None ends before the sync, and the first one to end makes it for all."""
    answers = begun(ask, 5)
    assert syncs.count == 0
    for first, _ in answers:
        with pytest.raises(json.JSONDecodeError):
            json.loads(first)
    whole = [json.loads(b"".join((first, *rest))) for first, rest in answers]
    assert [answer["saldo"] for answer in whole] == [1, 2, 3, 4, 5]
    assert syncs.count == 1


def test_what_was_in_the_log_before_is_made_safe_first(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sync that failed may have been reported to a process that is gone."""
    syncs = Syncs(monkeypatch)
    syncs.fail = True
    [answer] = json.loads(b"".join(ask("/clientes/1/transacoes"))).values()
    assert "nothing was written" in answer
    syncs.fail = False
    list(ask("/clientes/1/transacoes"))
    # One that failed, one before and one after the log was written again, and the answer's own.
    assert syncs.count == 4
    list(ask("/clientes/1/transacoes"))
    assert syncs.count == 5


def test_a_commit_after_the_sync_has_one_of_its_own(ask: Ask, syncs: Syncs) -> None:
    """What came after a sync is not taken for safe."""
    for number in (1, 2):
        [(_, rest)] = begun(ask, 1)
        list(rest)
        assert syncs.count == number


def test_what_writes_nothing_waits_for_nothing(ask: Ask, syncs: Syncs) -> None:
    """A statement and a refusal are handed over whole, even while a commit waits."""
    waiting = begun(ask, 1)
    for path in ("/clientes/1/extrato", "/clientes/6/transacoes"):
        assert json.loads(b"".join(ask(path)))
    assert syncs.count == 0
    assert waiting


def test_emptying_the_ledger_is_held_back_too(ask: Ask, syncs: Syncs) -> None:
    """Whatever commits is answered for when it is safe."""
    answer = iter(ask("/reset"))
    next(answer)
    assert syncs.count == 0
    list(answer)
    assert syncs.count == 1


def test_a_failed_sync_breaks_off_all_that_waited(
    ask: Ask, syncs: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not tried again as if nothing was lost: first the whole log is written anew."""
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
    """However few bytes there are, the last of them comes after the sync."""
    steps: list[object] = []

    class Durability:
        committed = 0

        def make_durable(self, commit: int) -> None:
            steps.append(commit)

    safety = Durability()

    def commit(_environ: object, _start_response: object) -> list[bytes]:
        safety.committed += 1
        return [body]

    steps += [part for part in when_durable(commit, safety)({}, lambda *_: lambda _: None) if part]
    parts = [part for part in steps if isinstance(part, bytes)]
    assert b"".join(parts) == body
    assert 1 in steps
