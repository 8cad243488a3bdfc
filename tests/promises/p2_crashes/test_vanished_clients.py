"""Clients that vanish or stop reading while their transaction waits for its group's commit."""

import contextlib
import time
from pathlib import Path

import pytest

from tests.help.instance_sockets import connected, got_before_the_end, stopped, transaction
from tests.help.running import Stack

CREDIT = transaction(3, 1, "c", "abc")
AT_ONCE = 8


@pytest.mark.parametrize("synchronous", ["NORMAL", "FULL"])
def test_vanished_clients_keep_the_lock_from_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, synchronous: str
) -> None:
    """All clients of a group vanish before its commit: it is committed whole, or they were not read
    at all, and the other instance writes at once."""
    monkeypatch.chdir(tmp_path)
    with Stack(tmp_path, RINHA_SYNCHRONOUS=synchronous) as stack:
        connections = [connected(Path("api01.sock")) for _ in range(AT_ONCE)]
        with stopped(stack.instances[0].pid):
            for connection in connections:
                connection.sendall(CREDIT)
                connection.close()
        assert_others_write(AT_ONCE)


def test_a_client_that_stops_reading_keeps_the_lock_from_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that reads no answer, until the instance can write no more, holds up no other."""
    monkeypatch.chdir(tmp_path)
    with Stack(tmp_path) as stack, connected(Path("api01.sock")) as connection:
        connection.settimeout(0.2)
        sent = 0
        with contextlib.suppress(TimeoutError):
            while sent < 20_000:
                connection.sendall(CREDIT)
                sent += 1
                # One by one: the instance takes a second request in one read for a body.
                time.sleep(0.0002)
        print(f"{sent} requests, none of whose answers was read")
        assert_others_write(AT_ONCE)
        assert stack.client().extrato(3)["saldo"]["total"] > AT_ONCE


def assert_others_write(count: int) -> None:
    """The other instance gets the lock: after a second of waiting it would answer 503."""
    with connected(Path("api02.sock")) as other:
        for _ in range(count):
            other.sendall(CREDIT)
            assert got_before_the_end(other).startswith(b"HTTP/1.1 200")
