"""Group commit with FULL: many requests share a sync, and its failure breaks their answers off."""

import socket
from pathlib import Path

import pytest

from tests.help.instance_sockets import (
    answer,
    connected,
    got_before_the_end,
    stopped,
    transaction,
)
from tests.help.ledger_process import traced
from tests.help.running import Stack

AT_ONCE = 8
CREDIT = transaction(3, 1, "c", "abc")


def ask_together(pid: int, count: int) -> list[socket.socket]:
    """Sends credits that the instance finds all at once."""
    connections = [connected(Path("api01.sock")) for _ in range(count)]
    with stopped(pid):
        for connection in connections:
            connection.sendall(CREDIT)
    return connections


def test_requests_that_are_there_together_share_a_sync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An instance that finds several requests answers them all after one sync, or two at most."""
    with Stack(tmp_path, instances=1, RINHA_SYNCHRONOUS="FULL") as stack:
        assert stack.client().transact(3, 1, "c").status == 200
        monkeypatch.chdir(tmp_path)
        pid, log = stack.instances[0].pid, tmp_path / "strace.log"
        with traced(log, pid, "--trace=fdatasync,fsync") as tracing:
            connections = ask_together(pid, AT_ONCE)
            saldos = [answer(connection).split(b'"saldo":')[1] for connection in connections]
        for connection in connections:
            connection.close()
    assert len(set(saldos)) == AT_ONCE
    syncs = sum(len(calls) for calls in tracing.calls.values())
    print(f"{syncs} syncs for {AT_ONCE} answers")
    assert 1 <= syncs <= 2


def test_the_answers_of_a_group_whose_sync_failed_never_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the sync of a group fails, all its answers are cut off, and the next answer is whole."""
    with Stack(tmp_path, instances=1, RINHA_SYNCHRONOUS="FULL") as stack:
        assert stack.client().transact(3, 1, "c").status == 200
        monkeypatch.chdir(tmp_path)
        pid, log = stack.instances[0].pid, tmp_path / "strace.log"
        # The first request comes after a pause, so it is alone and has a sync of its own.
        with traced(log, pid, "--inject=fdatasync:error=EIO:when=2") as tracing:
            connections = ask_together(pid, AT_ONCE)
            answers = [got_before_the_end(connection) for connection in connections]
        assert tracing.injected == 1
        is_whole = [each.endswith(b"}") for each in answers]
        print(f"{is_whole.count(False)} of {AT_ONCE} answers broke off")
        assert is_whole.count(True) == 1
        for connection in connections:
            connection.close()
        assert stack.client().transact(3, 1, "c").json["saldo"] == AT_ONCE + 2


def test_an_answer_whose_sync_failed_is_a_503(tmp_path: Path) -> None:
    """A request that is alone is refused in full if its sync fails, and the next is answered."""
    with Stack(tmp_path, instances=1, RINHA_SYNCHRONOUS="FULL") as stack:
        client = stack.client()
        assert client.transact(3, 1, "c").status == 200
        pid, log = stack.instances[0].pid, tmp_path / "strace.log"
        with traced(log, pid, "--inject=fdatasync:error=EIO:when=1") as tracing:
            refused = client.transact(3, 1, "c")
        assert tracing.injected == 1
        assert refused.status == 503
        assert "a power cut may undo it" in refused.json["error"]
        assert stack.client().transact(3, 1, "c").json["saldo"] == 3
        stack.stop()
        [error] = [line for line in stack.logs() if line["level"] == "error"]
        assert "a power cut may undo it" in error["traceback"]
