"""Requests that arrive together share a commit, and no answer of theirs ends before it."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from rinha.group_commit import GroupCommit
from rinha.sqlite import group
from rinha.sqlite.limits import GROUP_WAIT_SHARE
from tests.help.one_by_one import EXTRATO, LIMITE, TRANSACOES, Service, Syncs, full_only, whole


def test_requests_that_come_together_share_a_commit_and_a_sync(
    service: Service, syncs: Syncs
) -> None:
    """No answer ends before the commit, and the first answer that ends commits for all."""
    answers = service.begin(*[TRANSACOES] * 5)
    assert service.saldo() == syncs.count == 0
    for first, _ in answers:
        with pytest.raises(json.JSONDecodeError):
            json.loads(first)
    last, rest = answers.pop()
    assert json.loads(b"".join((last, *rest)))["saldo"] == service.saldo() == 5
    assert [answer["saldo"] for answer in whole(answers)] == [1, 2, 3, 4]
    assert syncs.count == (service.ledger.engine.info["synchronous"] == "FULL")


def test_refusals_and_statements_wait_for_their_group_too(service: Service) -> None:
    """No answer ends before the transactions that it shows are committed."""
    [credited] = service.begin(TRANSACOES)
    [refused] = service.begin(TRANSACOES, valor=LIMITE + 2, tipo="d")
    [statement] = service.begin(EXTRATO)
    [unknown] = service.begin("/clientes/6/extrato")
    for first, _ in (refused, statement, unknown):
        with pytest.raises(json.JSONDecodeError):
            json.loads(first)
    assert service.saldo() == 0
    assert whole([statement])[0]["saldo"]["total"] == service.saldo() == 1
    assert whole([credited])[0]["saldo"] == 1
    assert set(whole([refused, unknown])[0]) == {"error"}
    assert [status[:3] for status in service.statuses] == ["200", "422", "200", "404"]


def test_a_statement_without_a_group_waits_for_nothing(service: Service) -> None:
    """A statement before which no request of a group came is answered whole."""
    assert isinstance(service.ask(EXTRATO), list)


def test_a_refused_request_does_not_undo_its_neighbours(service: Service) -> None:
    """The transactions before and after a refusal in a group are committed."""
    answers = service.begin(TRANSACOES)
    answers += service.begin(TRANSACOES, valor=LIMITE + 2, tipo="d")
    answers += service.begin(TRANSACOES)
    whole(answers)
    assert service.saldo() == 2


def test_a_group_is_bounded_in_number(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last request of a full group commits it, and is answered whole."""
    monkeypatch.setattr(group, "GROUP_TRANSACTIONS_MAX", 3)
    waiting = service.begin(TRANSACOES, TRANSACOES)
    assert service.answer(TRANSACOES)["saldo"] == service.saldo() == 3
    assert service.ledger.engine.group is None
    assert [answer["saldo"] for answer in whole(waiting)] == [1, 2]


def test_a_request_that_is_alone_is_committed_at_once(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request before which none came for a while waits for no other."""
    clock = SimpleNamespace(now=1.0)
    clock.monotonic = lambda: clock.now
    clock.sleep = lambda _s: None
    monkeypatch.setattr(group, "time", clock)
    monkeypatch.setattr(group, "GROUP_ALONE_S", 0.001)
    assert isinstance(service.ask(TRANSACOES), list)
    assert service.saldo() == 1
    clock.now += 0.0005
    [(_, rest)] = service.begin(TRANSACOES)
    assert service.saldo() == 1
    list(rest)
    clock.now += 0.0015
    assert isinstance(service.ask(TRANSACOES), list)


@full_only
def test_a_group_that_wrote_nothing_needs_no_sync(service: Service, syncs: Syncs) -> None:
    """Refusals alone make no sync."""
    assert service.answer("/clientes/6/transacoes")
    assert syncs.count == 0


@pytest.mark.parametrize("body", [b"", b"x", b"xy"])
def test_a_short_answer_is_not_whole_before_the_commit_either(
    body: bytes, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last byte of an answer comes after the commit, for an answer of any length."""
    ended_after: list[bytes] = []
    parts: list[bytes] = []
    opened = SimpleNamespace(pause=lambda: False, end=lambda: ended_after.append(b"".join(parts)))
    engine: Any = SimpleNamespace(group=opened, group_requests=lambda: None)
    for part in GroupCommit(lambda *_: [body], engine)({}, lambda *_: lambda _: None):
        parts.append(part)
    assert b"".join(parts) == body
    assert ended_after[0] == body[: len(body) // 2]


@full_only
def test_a_group_waits_for_more_where_a_sync_takes_long(
    service: Service, syncs: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a slow disk each answer goes on by a byte, never to its end, until the group has waited
    a share of a sync; who joins meanwhile shares the commit."""
    clock = SimpleNamespace(now=1.0)
    clock.monotonic = lambda: clock.now
    clock.sleep = lambda _s: None
    monkeypatch.setattr(group, "time", clock)
    service.ledger.engine.writing.sync_s = 0.003
    [(first, rest)] = service.begin(TRANSACOES)
    got = first + next(rest) + next(rest)
    assert (len(got), service.saldo()) == (len(first) + 2, 0)
    joined = service.begin(TRANSACOES)
    clock.now += GROUP_WAIT_SHARE * 0.003
    assert json.loads(got + b"".join(rest))["saldo"] == 1
    assert whole(joined)[0]["saldo"] == service.saldo() == 2
    assert syncs.count == 1


@full_only
def test_an_answer_that_waits_too_long_is_not_whole_either(service: Service, syncs: Syncs) -> None:
    """The last byte of an answer comes after the commit, however long the group may wait."""
    service.ledger.engine.writing.sync_s = 9999
    [(first, rest)] = service.begin(TRANSACOES)
    got = [first]
    while service.ledger.engine.group is not None:
        with pytest.raises(json.JSONDecodeError):
            json.loads(b"".join(got))
        got.append(next(rest))
    assert syncs.count == 1
    assert json.loads(b"".join([*got, *rest]))["saldo"] == 1
