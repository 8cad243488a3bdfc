"""The model of the protocol allows each step of the real service."""

import contextlib
import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.help.commands import wait_until
from tests.help.effort import drawn_seed, effort
from tests.help.instance_sockets import (
    STATEMENT,
    connected,
    got_before_the_end,
    stopped,
    transaction,
)
from tests.help.ledger_process import traced
from tests.help.protocol_trace import CALLS, Event, Replay, TraceError, events_in
from tests.help.running import Stack

ROUNDS = effort(3, 12, 40)
ROUNDS_MAX = 100
# As in the model: debits that take one of the limit each, and a statement.
CLIENTE, LIMITE = 3, 1_000_000
REQUESTS = (0, 1, 2, 3)
LIMIT = 2
FAILS, REPAIRS = "the sync fails", "write the WAL again, sync it"
MESSAGES = [
    *(transaction(CLIENTE, LIMITE // LIMIT, "d", str(number)) for number in REQUESTS[:-1]),
    STATEMENT,
]


@contextlib.contextmanager
def stack_in(folder: Path, monkeypatch: pytest.MonkeyPatch, synchronous: str) -> Iterator[Stack]:
    monkeypatch.chdir(folder)
    with Stack(folder, RINHA_SYNCHRONOUS=synchronous) as stack:
        yield stack


def trace(stack: Stack, log: Path, rng: Random, *inject: str) -> list[Event]:
    """Sends the requests to both instances, some together, and returns what these did."""
    assert stack.client()("POST", "/reset").status == 200
    for path in ("api01.sock", "api02.sock"):
        # After this no instance is in doubt about the WAL.
        with connected(Path(path)) as connection:
            connection.sendall(transaction(1, 1, "c", "before"))
            assert b" 200 " in got_before_the_end(connection)
    pids = [instance.pid for instance in stack.instances]
    asked: list[tuple[socket.socket, bytes]] = []
    for message in MESSAGES:
        asked.append((connected(Path(f"api0{rng.randint(1, 2)}.sock")), message))
    rng.shuffle(asked)
    words = (f"--trace={CALLS}", "-y", "-s", "400", "-p", str(pids[1]), *inject)
    with traced(log, pids[0], *words) as tracing, contextlib.ExitStack() as connections:
        wait_until(lambda: all(map(is_traced, pids)))
        threads = [[pid, *(each for each in threads_of(pid) if each != pid)] for pid in pids]
        together = [which for which in range(2) if rng.random() < 0.8]
        with contextlib.ExitStack() as all_stopped:
            for which in together:
                all_stopped.enter_context(stopped(pids[which]))
            for connection, message in asked:
                connections.enter_context(connection)
                connection.sendall(message)
        for connection, _ in asked:
            got_before_the_end(connection)
    assert tracing.injected <= len(pids)
    return events_in(log.read_text(), threads)


def is_traced(pid: int) -> bool:
    return "TracerPid:\t0\n" not in Path(f"/proc/{pid}/status").read_text()


def threads_of(pid: int) -> list[int]:
    return [int(thread.name) for thread in Path(f"/proc/{pid}/task").iterdir()]


@pytest.mark.parametrize("synchronous", ["FULL", "NORMAL"])
def test_each_recorded_trace_is_one_of_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, synchronous: str
) -> None:
    """Locks, commits, syncs and answers of two instances come in an order that the model allows."""
    rng = Random(drawn_seed())
    largest = 0
    with stack_in(tmp_path, monkeypatch, synchronous) as stack:
        for number in range(ROUNDS_MAX):
            # On a busy machine most requests come one by one.
            if number >= ROUNDS and largest > 1:
                break
            events = trace(stack, tmp_path / f"{number}.log", rng)
            replay = Replay(synchronous, REQUESTS, LIMIT)
            replay.run(events)
            largest = max(largest, replay.largest_group)
            assert_convicted_if_too_early(events, synchronous)
    print(f"{number} traces, the largest group had {largest} requests")
    assert largest > 1


def test_a_trace_with_a_failed_sync_is_one_of_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No answer that waits for a failed sync is sent whole, and the WAL is written again first."""
    rng = Random(drawn_seed())
    inject = "--inject=fdatasync:error=EIO:when={}"
    seen = Counter[str]()
    with stack_in(tmp_path, monkeypatch, "FULL") as stack:
        for number in range(ROUNDS_MAX):
            # Whether an instance has a request left after its failed sync is chance.
            if number >= ROUNDS and min(seen[step] for step in (FAILS, REPAIRS)):
                break
            events = trace(stack, tmp_path / f"{number}.log", rng, inject.format(1 + number % 2))
            replay = Replay("FULL", REQUESTS, LIMIT)
            replay.run(events)
            seen.update(step[3:] for step in replay.steps)
    print(f"{number} traces, {seen[FAILS]} failed syncs, {seen[REPAIRS]} repairs")
    assert seen[FAILS]
    assert seen[REPAIRS]


def test_a_request_that_waited_too_long_is_none_of_the_model() -> None:
    """A 503 for a lock that was not free takes nothing from the trace of the other requests."""
    replay = Replay("FULL", (0, 1), LIMIT)
    group = [Event(0, "lock"), Event(0, "unlock"), Event(0, "sync")]
    answer = [Event(0, "answering", 0), Event(0, "answered", 0)]
    refused = [Event(1, "unavailable", 1, accepted=False)]
    replay.run([Event(0, "request", 0), Event(1, "request", 1), *refused, *group, *answer])
    assert replay.steps == ["0: answer 0", "0: commit", "0: sync"]


def assert_convicted_if_too_early(events: list[Event], synchronous: str) -> None:
    """Control: the same trace with a debit answered before its commit is none of the model's."""
    answered = next(
        event for event in events if event.kind == "answered" and event.request != REQUESTS[-1]
    )
    asked = events.index(Event(answered.instance, "request", answered.request))
    answer = [
        event
        for event in events
        if event.kind in ("answering", "answered") and event.request == answered.request
    ]
    early = [event for event in events if event not in answer]
    early[asked + 1 : asked + 1] = answer
    with pytest.raises(TraceError):
        Replay(synchronous, REQUESTS, LIMIT).run(early)
