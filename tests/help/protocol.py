"""Model of how two instances write one file: lock, groups, commits, syncs and checkpoints.

Read this to understand the protocol. A state is a value; `steps` lists what can happen next, faults
included; `broken_rule` names the promise that a state breaks. test_protocol.py visits every state
of a few requests. Each of MISTAKES changes one line, and the test must find it.

The first request of a group takes the write lock and begins a transaction. More requests may join
it. Then the instance commits, releases the lock, and with FULL syncs the WAL.
Only then the answers of the group end. A failed sync puts the WAL in doubt: the waiting answers
break off, and nothing is written until the WAL was written again and synced. After a failed
checkpoint, or a start, all of the WAL is copied into the file again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

# Where a frame of the WAL is, or its copy in the file.
ABSENT, CACHE, DISK = "-", "c", "d"
# After a failed write-back the kernel keeps the page, but takes it for written.
DROPPED = "x"
# Each accepted debit takes one of the limit; the last request only reads.
STATEMENT = 3
MISTAKES = (
    "answer before commit",
    "refusal answered inside a group",
    "group left by a vanished client",
    "sync before commit",
    "checkpoint goes on after a failed sync",
    "failed sync repeated",
)


@dataclass(frozen=True)
class Answer:
    request: int
    accepted: bool
    # The transactions that the answer reflects, its own included.
    saw: tuple[int, ...]
    # The transactions that were acknowledged before the request was sent.
    after: frozenset[int]


@dataclass(frozen=True)
class Instance:
    # The answers of the group that holds the lock, and of the groups that wait for their sync.
    group: tuple[Answer, ...] = ()
    holds: bool = False
    abandoned: bool = False
    waiting: tuple[Answer, ...] = ()
    # A sync failed: the WAL must be written again before anything else.
    wal_in_doubt: bool = False
    file_in_doubt: bool = False
    # The kernel reports a failed write-back once to each open file.
    wal_error_waits: bool = False

    @property
    def writes(self) -> tuple[int, ...]:
        return tuple(answer.request for answer in self.group if answer.accepted)


@dataclass(frozen=True)
class State:
    unsent: tuple[int, ...] = (0, 1, 2, STATEMENT)
    instances: tuple[Instance, Instance] = (Instance(), Instance())
    # All transactions in the order of their commits; the WAL begins at one of them.
    order: tuple[int, ...] = ()
    wal_begins: int = 0
    wal: str = ""
    file: str = ""
    # How many transactions SQLite takes for copied into the file.
    copied: int = 0
    answers: tuple[Answer, ...] = ()
    faults_left: int = 1
    limit: int = 2

    @property
    def lock_is_free(self) -> bool:
        return not any(instance.holds for instance in self.instances)

    @property
    def acknowledged(self) -> frozenset[int]:
        return frozenset(answer.request for answer in self.answers if answer.accepted)


def change(state: State, number: int, **changes: Any) -> State:
    """Returns the state with one instance changed."""
    instances = list(state.instances)
    instances[number] = replace(instances[number], **changes)
    return replace(state, instances=(instances[0], instances[1]))


Step = tuple[str, State]


@dataclass(frozen=True)
class Protocol:
    """Rules for the steps of the instances."""

    mode: str = "FULL"
    mistake: str | None = None

    def steps(self, state: State) -> Iterator[Step]:
        """Yields what can happen next; a fault has a `!` in its name."""
        for number, instance in enumerate(state.instances):
            for name, after in self._steps_of(state, number, instance):
                yield f"{number}: {name}", after
            if state.faults_left:
                harmed = replace(state, faults_left=state.faults_left - 1)
                for name, after in self._faults(harmed, number, instance):
                    yield f"{number}! {name}", after

    def _steps_of(self, state: State, number: int, instance: Instance) -> Iterator[Step]:
        yield from self._requests(state, number, instance)
        if instance.holds and not instance.abandoned:
            yield "commit", self._commit(state, number, instance)
        if instance.waiting:
            yield "break off" if instance.wal_in_doubt else "sync", self._sync(state, number)
        if instance.wal_in_doubt and state.lock_is_free:
            written = replace(state, wal=DISK * len(state.wal))
            yield "write the WAL again, sync it", change(written, number, wal_in_doubt=False)
        for name, is_synced, copied in self._checkpoints(state, instance):
            yield name, self._synced_file(copied, number) if is_synced else copied

    def _requests(self, state: State, number: int, instance: Instance) -> Iterator[Step]:
        can_write = instance.holds or (state.lock_is_free and not instance.wal_in_doubt)
        # Debits are alike, so the order in which they are sent makes no difference.
        for request in {state.unsent[0], state.unsent[-1]} if state.unsent else ():
            if request == STATEMENT or can_write:
                yield f"answer {request}", self._answer(state, number, request)

    def _answer(self, state: State, number: int, request: int) -> State:
        instance = state.instances[number]
        seen = state.order + instance.writes
        accepted = request != STATEMENT and len(seen) < state.limit
        saw = (*seen, request) if accepted else seen
        answer = Answer(request, accepted, saw, state.acknowledged)
        state = replace(state, unsent=tuple(each for each in state.unsent if each != request))
        early = "answer before commit" if accepted else "refusal answered inside a group"
        if self.mistake == early or (request == STATEMENT and not instance.holds):
            state = replace(state, answers=(*state.answers, answer))
            if request == STATEMENT or not accepted:
                return state
        return change(state, number, holds=True, group=(*instance.group, answer))

    def _commit(self, state: State, number: int, instance: Instance) -> State:
        if state.wal and state.copied == len(state.order) and instance.writes:
            # All of the WAL is in the file: the writer begins it from the start.
            state = replace(state, wal_begins=len(state.order), wal="")
        writes = instance.writes
        state = replace(
            state,
            order=state.order + writes,
            wal=state.wal + CACHE * len(writes),
            file=state.file + ABSENT * len(writes),
        )
        state = change(state, number, holds=False, group=())
        group = tuple(answer for answer in instance.group if answer not in state.answers)
        if self.mode == "FULL" and writes and self.mistake != "sync before commit":
            return change(state, number, waiting=instance.waiting + group)
        return replace(state, answers=state.answers + group)

    def _sync(self, state: State, number: int) -> State:
        if (instance := state.instances[number]).wal_in_doubt:
            return change(state, number, waiting=())
        state = replace(state, wal=state.wal.replace(CACHE, DISK))
        if instance.wal_error_waits:
            # The kernel writes what it can, and then reports the error of another's sync.
            return self._doubt(state, number)
        return change(replace(state, answers=state.answers + instance.waiting), number, waiting=())

    def _sync_failed(self, state: State, number: int) -> State:
        state = replace(state, wal=state.wal.replace(CACHE, DROPPED))
        state = change(state, 1 - number, wal_error_waits=True)
        return self._doubt(state, number)

    def _doubt(self, state: State, number: int) -> State:
        if self.mistake == "failed sync repeated":
            return change(state, number, wal_error_waits=False)
        return change(state, number, wal_in_doubt=True, waiting=(), wal_error_waits=False)

    def _checkpoints(self, state: State, instance: Instance) -> Iterator[tuple[str, bool, State]]:
        """Copies some frames, or all. SQLite syncs the file only after the last one."""
        if instance.wal_in_doubt or instance.wal_error_waits or state.copied == len(state.order):
            return
        state = replace(state, wal=state.wal.replace(CACHE, DISK))
        again = instance.file_in_doubt and self.mistake != "checkpoint goes on after a failed sync"
        first = state.wal_begins if again else state.copied
        for end in range(first + 1, len(state.order) + 1):
            file = state.file[:first] + CACHE * (end - first) + state.file[end:]
            if end == len(state.order):
                yield "copy all frames and sync the file", True, replace(state, file=file)
            else:
                copied = max(end, state.copied)
                yield f"copy {end} frames", False, replace(state, file=file, copied=copied)

    def _synced_file(self, state: State, number: int) -> State:
        file = state.file.replace(CACHE, DISK)
        return change(replace(state, file=file, copied=len(file)), number, file_in_doubt=False)

    def _faults(self, state: State, number: int, instance: Instance) -> Iterator[Step]:
        if instance.holds:
            yield "the commit fails", change(state, number, holds=False, group=())
            leaves = self.mistake == "group left by a vanished client"
            yield "a client vanishes", change(state, number, abandoned=leaves)
        if instance.waiting:
            yield "the sync fails", self._sync_failed(state, number)
        for _, is_synced, copied in self._checkpoints(state, instance):
            if is_synced:
                dropped = replace(copied, file=copied.file.replace(CACHE, DROPPED))
                # Each instance has the file open, and learns of it.
                dropped = change(dropped, 1 - number, file_in_doubt=True)
                yield "the file's sync fails", change(dropped, number, file_in_doubt=True)
        # A new process cannot know of errors that its predecessor was told.
        started = vars(Instance(wal_in_doubt=True, file_in_doubt=True))
        yield "kill it and start it again", change(state, number, **started)


def broken_rule(state: State, *, full: bool) -> str | None:
    """Returns the promise that this state breaks, in the state itself or after a power cut."""
    for answer in state.answers:
        if answer.saw != state.order[: len(answer.saw)]:
            return f"no order explains the answer to {answer.request}"
        if not answer.after <= set(answer.saw):
            return f"the answer to {answer.request} misses what was acknowledged before it"
    if len(state.order) > state.limit:
        return "the balance is past its limit"
    for survives in product((True, False), repeat=(state.wal + state.file).count(CACHE)):
        kept = _after_power_cut(state, list(survives))
        if kept is None:
            return "a power cut corrupts the file"
        if full and not state.acknowledged <= set(kept):
            return "a power cut loses an acknowledged transaction"
    return None


def _after_power_cut(state: State, survives: list[bool]) -> tuple[int, ...] | None:
    """Returns the transactions that are left, or None where they are no prefix of all."""

    def is_left(place: str) -> bool:
        return place == DISK or (place == CACHE and survives.pop())

    wal = [is_left(place) for place in state.wal]
    found = [is_left(place) for place in state.file]
    # Recovery reads the WAL up to its first invalid frame.
    for number in range([*wal, False].index(False)):
        found[state.wal_begins + number] = True
    end = [*found, False].index(False)
    return None if any(found[end:]) else state.order[:end]
