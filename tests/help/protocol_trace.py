"""Reads what two instances did from a log of strace, and replays it in the model of the protocol.

A trace lists events in their order: a request that an instance read, the write lock taken and
released, a sync, and the end of an answer.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from tests.help.protocol import STATEMENT, Protocol, State

FAULTS_MAX = 9
CALLS = "flock,fdatasync,recvfrom,read,sendto,write"
_LINE = re.compile(r"^(\d+) +(?:<\.\.\. \w+ resumed>|(\w+)\()(.*)$")
_UNFINISHED = " <unfinished ...>"


class Event(NamedTuple):
    instance: int
    kind: str
    request: int = -1
    # True for an answer that is no refusal.
    accepted: bool = True


class TraceError(Exception):
    """The model has no such step, or the answer came too early."""


def calls_in(log: str) -> Iterator[tuple[int, str, str]]:
    """Yields each call with its process, in the order in which the calls ended; one that releases a
    lock when it begins, because another process may get the lock before it ends."""
    begun: dict[str, tuple[str, str]] = {}
    for line in log.splitlines():
        found = _LINE.match(line)
        if not found:
            continue
        pid, call, words = found.groups()
        if call is None:
            call, first = begun.pop(pid)
            if "LOCK_UN" in first:
                continue
            words = first + words
        elif words.endswith(_UNFINISHED):
            begun[pid] = call, words.removesuffix(_UNFINISHED)
            if "LOCK_UN" in words:
                yield int(pid), call, words
            continue
        yield int(pid), call, words


def events_in(log: str, instances: Sequence[Sequence[int]]) -> list[Event]:
    """Returns the events of the instances; each is given by its threads, the main one first."""
    events: list[Event] = []
    asked: dict[tuple[int, str], int] = {}
    for instance, call, words in _calls_of(log, instances):
        fd = words.split("<")[0]
        if call == "flock":
            events += _lock_events(instance, words)
        elif call == "fdatasync":
            events.append(Event(instance, "sync" if words.endswith("= 0") else "failed sync"))
        elif request := re.search(r'"(?:GET /.*|POST /.*descricao\W+(\d))', words):
            asked[instance, fd] = STATEMENT if request[1] is None else int(request[1])
            events.append(Event(instance, "request", asked[instance, fd]))
        elif call in ("sendto", "write") and (instance, fd) in asked:
            events += _answer_events(instance, asked[instance, fd], words)
    return events


def _calls_of(log: str, instances: Sequence[Sequence[int]]) -> Iterator[tuple[int, str, str]]:
    """Yields each call of the threads that answer requests and end groups, with its instance. Of
    threads that run checkpoints there is none."""
    threads = {thread: number for number, each in enumerate(instances) for thread in each}
    found = {each[0] for each in instances}
    locks: dict[int, str] = {}
    for thread, call, words in calls_in(log):
        instance, fd = threads.get(thread, -1), words.split("<")[0]
        if call == "flock" and "rinha.db.lock" in words:
            if thread in found:
                locks[instance] = fd
            elif locks.get(instance) == fd:
                found.add(thread)
        if thread in found:
            yield instance, call, words


def _answer_events(instance: int, request: int, words: str) -> Iterator[Event]:
    """Yields the beginning of an answer, whose first half names its status, and its end, which ends
    its JSON."""
    if status := re.search(r"HTTP/1\.1 (\d+)", words):
        kind = "unavailable" if status[1] == "503" else "answering"
        yield Event(instance, kind, request, status[1] == "200")
    if re.search(r'}", \d+', words):
        yield Event(instance, "answered", request)


def _lock_events(instance: int, words: str) -> Iterator[Event]:
    if "rinha.db.lock" in words:
        if "LOCK_UN" in words:
            yield Event(instance, "unlock")
        elif words.endswith("= 0"):
            yield Event(instance, "lock")


class Replay:
    """Takes the model through the steps of a trace, and fails where the model has no such step."""

    def __init__(self, mode: str, requests: tuple[int, ...], limit: int) -> None:
        self._protocol = Protocol(mode)
        self.state = State(unsent=requests, limit=limit, faults_left=FAULTS_MAX)
        self._accepted: dict[int, bool] = {}
        self._as_in_model: dict[int, int] = {}
        # A request that was read and did not need the lock yet, of each instance.
        self._read: dict[int, list[int]] = {0: [], 1: []}
        self.steps: list[str] = []
        self.largest_group = 0

    def run(self, events: list[Event]) -> None:
        for number, event in enumerate(events):
            try:
                self._take(event)
            except TraceError as error:
                raise TraceError(f"{error}; at the last of {events[: number + 1]}") from None
        if self.state.unsent:
            raise TraceError(f"requests without an answer: {self.state.unsent}")

    def _take(self, event: Event) -> None:
        instance = self.state.instances[event.instance]
        if event.kind == "request":
            self._join(event.instance)
            self._read[event.instance].append(event.request)
        elif event.kind == "lock":
            self._take_lock(event.instance)
        elif event.kind == "unlock":
            if instance.holds:
                self._step(f"{event.instance}: commit")
        elif event.kind == "sync":
            if instance.waiting:
                self._step(f"{event.instance}: sync")
        elif event.kind == "failed sync":
            self._step(f"{event.instance}! the sync fails")
        elif event.kind == "unavailable" and event.request in self._read[event.instance]:
            self._leave_out(event)
        else:
            self._join(event.instance)
            self._answer(event)

    def _take_lock(self, instance: int) -> None:
        if not self.state.lock_is_free:
            raise TraceError("two instances hold the lock")
        if self.state.instances[instance].wal_in_doubt:
            self._step(f"{instance}: write the WAL again, sync it")
        self._join(instance)

    def _join(self, instance: int) -> None:
        """A request that was read takes its place before anything but the end of a full group."""
        for request in self._read[instance]:
            # Debits are alike: the model takes them in one order.
            as_in_model = STATEMENT if request == STATEMENT else self.state.unsent[0]
            self._as_in_model[request] = as_in_model
            self._step(f"{instance}: answer {as_in_model}")
        self._read[instance].clear()

    def _leave_out(self, event: Event) -> None:
        """A request that waited too long for the lock is none of the model."""
        self._read[event.instance].remove(event.request)
        debits = [each for each in self.state.unsent if each != STATEMENT]
        left_out = STATEMENT if event.request == STATEMENT else debits[-1]
        unsent = tuple(each for each in self.state.unsent if each != left_out)
        self.state = replace(self.state, unsent=unsent)

    def _answer(self, event: Event) -> None:
        if event.kind == "answering":
            self._accepted[event.request] = event.accepted
        if event.kind != "answered" or event.request not in self._accepted:
            return
        request = self._as_in_model[event.request]
        found = [each for each in self.state.answers if each.request == request]
        if not found:
            raise TraceError(f"the answer to {event.request} ended too early")
        is_right = event.request == STATEMENT or found[0].accepted == self._accepted[event.request]
        if not is_right:
            raise TraceError(f"the answer to {event.request} is not the model's")

    def _step(self, name: str) -> None:
        self.steps.append(name)
        possible = dict(self._protocol.steps(self.state))
        if name not in possible:
            raise TraceError(f"no such step: {name}, possible are {sorted(possible)}")
        self.state = possible[name]
        groups = (len(instance.group) for instance in self.state.instances)
        self.largest_group = max(self.largest_group, *groups)
