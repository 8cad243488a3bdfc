"""Group commit with FULL: many requests share a sync, and its failure breaks their answers off."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.help.instance_sockets import connected, got_before_the_end, stopped, transaction
from tests.help.ledger_process import Tracing, traced
from tests.help.running import Stack

AT_ONCE = 8
CREDIT = transaction(3, 1, "c", "abc")
# On a busy machine requests that are sent together may be read far apart, and are then alone.
TRIES_MAX = 30


def ask_together(stack: Stack, log: Path, *words: str) -> tuple[list[bytes], Tracing]:
    """Sends credits that the instance finds all at once; returns what came of each answer."""
    pid = stack.instances[0].pid
    with contextlib.ExitStack() as ending, traced(log, pid, *words) as tracing:
        connections = [ending.enter_context(connected(Path("api01.sock"))) for _ in range(AT_ONCE)]
        with stopped(pid):
            for connection in connections:
                connection.sendall(CREDIT)
        answers = [got_before_the_end(connection) for connection in connections]
    return answers, tracing


@pytest.fixture
def one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """A stack with one instance, which has written once; its sockets are in this folder."""
    monkeypatch.chdir(tmp_path)
    with Stack(tmp_path, instances=1, RINHA_SYNCHRONOUS="FULL") as stack:
        assert stack.client().transact(3, 1, "c").status == 200
        yield stack


def test_requests_that_are_there_together_share_a_sync(one: Stack, tmp_path: Path) -> None:
    """An instance that finds several requests answers them all after one sync, or two at most."""
    for number in range(TRIES_MAX):
        log = tmp_path / f"{number}.log"
        answers, tracing = ask_together(one, log, "--trace=fdatasync,fsync")
        assert all(each.endswith(b"}") for each in answers)
        assert len({each.split(b'"saldo":')[1] for each in answers}) == AT_ONCE
        syncs = sum(len(calls) for calls in tracing.calls.values())
        print(f"{syncs} syncs for {AT_ONCE} answers")
        assert syncs >= 1
        if syncs <= 2:
            return
    pytest.fail("no requests shared a sync")


def test_the_answers_of_a_group_whose_sync_failed_never_end(one: Stack, tmp_path: Path) -> None:
    """If the sync of a group fails, all its answers are cut off, and the next answer is whole."""
    for number in range(TRIES_MAX):
        # If the first request comes after a pause, it is alone and has a sync of its own.
        inject = f"--inject=fdatasync:error=EIO:when={1 + number % 2}"
        answers, _ = ask_together(one, tmp_path / f"{number}.log", inject)
        broken = [each for each in answers if not each.endswith(b"}")]
        print(f"{len(broken)} of {AT_ONCE} answers broke off")
        # The failed sync undoes nothing while the service runs.
        saldo = one.client().transact(3, 1, "c").json["saldo"]
        assert saldo == (number + 1) * (AT_ONCE + 1) + 1
        if len(broken) >= AT_ONCE - 1:
            return
    pytest.fail("no group had a sync that failed")


def test_an_answer_whose_sync_failed_is_a_503(one: Stack, tmp_path: Path) -> None:
    """A request that is alone is refused in full if its sync fails, and the next is answered."""
    client = one.client()
    pid, log = one.instances[0].pid, tmp_path / "strace.log"
    with traced(log, pid, "--inject=fdatasync:error=EIO:when=1") as tracing:
        # Attaching took longer than the pause after which a request is alone.
        refused = client.transact(3, 1, "c")
    assert tracing.injected == 1
    assert refused.status == 503
    assert "a power cut may undo it" in refused.json["error"]
    assert one.client().transact(3, 1, "c").json["saldo"] == 3
    one.stop()
    [error] = [line for line in one.logs() if line["level"] == "error"]
    assert "a power cut may undo it" in error["traceback"]
