"""A random history of two instances that lose a write, and may be killed by the error.

Everything that syncs takes part in random order: answers, both steps of a checkpoint beside
readers, checkpoints by writers, and the close.
"""

import contextlib
import threading
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, NamedTuple

import apsw
import pytest

from rinha.errors import OutcomeUnknownError, RinhaError
from rinha.sqlite import checkpoint
from tests.help.edition_stores import EDITION_STORES
from tests.help.recording_vfs import (
    ALONE_SHARE,
    Answers,
    RecordingVfs,
    alone,
    watch_calls,
    watch_groups,
    writeback,
)
from tests.help.simulated_disk import Step

ROUNDS = 5
# Share of the events of a round that are left out.
LEFT_OUT = 0.15
# Transactions of one write, at most. Pages that few of them change keep their newest frame further
# back in the WAL.
WRITES_MAX = 12
# Mistakes that can be planted.
MISTAKES = (
    "frames are not copied again",
    "the WAL is not written again",
    "who starts trusts descriptors that were told of no error",
)


class Fault(NamedTuple):
    """Loss of a file's unsynced writes, right before sync number `sync` and before the `more` syncs
    after it. Number 0 means no loss."""

    sync: int = 0
    more: int = 0
    # True if the first instance that gets the error is killed.
    is_deadly: bool = False
    mistake: str = ""


class _NoThread:
    """Stands in for a thread whose work the test does itself, in a repeatable order."""

    def __init__(self, **_: object) -> None:
        pass

    def start(self) -> None:
        pass


class _Instance:
    def __init__(self, file: Path, synchronous: str, edition: str) -> None:
        self.store = EDITION_STORES[edition].open(file, synchronous)
        self._serving = self.store.engine.serving()
        self._serving.__enter__()
        self.store.engine.group_requests()
        self.answers = Answers(self.store.engine)
        self.checkpointer = _checkpointers[-1]

    def close(self) -> None:
        self._serving.__exit__(None, None, None)
        # Only a VFS in Python raises here: with SQLite's own a close ignores the error.
        with contextlib.suppress(apsw.IOError):
            self.store.close()


class _Known(checkpoint.Checkpointer):
    def __init__(self, *words: Any) -> None:
        super().__init__(*words)
        _checkpointers.append(self)


_checkpointers: list[_Known] = []
# Killed instances: a reference keeps Python from closing their files.
_killed: list[_Instance] = []


class _History:
    def __init__(self, case: tuple[Path, str, str], fault: Fault, rng: Random) -> None:
        self._case, self._fault, self._rng = case, fault, rng
        self._steps: list[Step] = []
        self._number = 1

    def run(self) -> list[Step]:
        file, _, _ = self._case
        with pytest.MonkeyPatch.context() as patch:
            self._steps = watch_calls(patch)
            self._set_up(patch)
            watch_groups(patch, lambda: None)
            self._instances = [_Instance(*self._case) for _ in range(2)]
            self._reader = apsw.Connection(str(file))
            writeback.fail_at(self._fault.sync, self._fault.more)
            for _ in range(ROUNDS):
                self._play_round()
            self._reader.close()
            for instance in self._instances:
                self._answer(instance)
            with writeback.sound():
                for instance in self._instances:
                    self._assert_works_again(instance)
            for instance in self._instances:
                instance.close()
            return list(self._steps)

    def _assert_works_again(self, instance: _Instance) -> None:
        """The instance works again once the disk does. Its two descriptors of the WAL, SQLite's and
        the service's, each report an error once."""
        for _ in range(3):
            self._write(instance)
            self._answer(instance)
        assert self._steps[-1] == Step("kept", "", self._number - 1)

    def _play_round(self) -> None:
        """A checkpoint beside a reader copies a part and syncs nothing, a later one all."""
        begin = (self._write, self._answer, self._write, self._read, self._write)
        beside_reader = (self._checkpoint, self._answer, self._write, self._read)
        end = (self._checkpoint, self._by_writer, self._checkpoint, self._write, self._answer)
        for event in (*begin, *beside_reader, *end):
            if self._rng.random() >= LEFT_OUT:
                self._do(event)

    def _set_up(self, patch: pytest.MonkeyPatch) -> None:
        no_thread = SimpleNamespace(Event=threading.Event, Lock=threading.Lock, Thread=_NoThread)
        patch.setattr(checkpoint, "threading", no_thread)
        patch.setattr(checkpoint, "Checkpointer", _Known)
        patch.setattr(checkpoint, "WAL_PAGES_LOCKED", 0)
        patch.setattr(checkpoint, "FILE_BLOCKS_UNSYNCED", self._rng.choice((-1, 1 << 30)))
        if self._fault.mistake:
            _plant(self._fault.mistake, patch)

    def _do(self, event: Any) -> None:
        which, told = self._rng.randrange(2), writeback.reports
        # An open group keeps all others from the file but readers.
        for number, instance in enumerate(self._instances):
            if event != self._read and (event != self._write or number != which):
                self._answer(instance)
        event(self._instances[which])
        if self._fault.is_deadly and told < writeback.reports == 1:
            self._kill(which)

    def _kill(self, which: int) -> None:
        """The instance dies, and with it the transaction of its group."""
        killed = self._instances[which]
        writing = killed.store.engine.writing
        if writing.group:
            writing._undo(writing.group)
        self._answer(killed)
        _killed.append(killed)
        self._instances[which] = _Instance(*self._case)

    def _write(self, instance: _Instance) -> None:
        """Writes some transactions; one that is refused is tried again under the same number."""
        if self._rng.random() < ALONE_SHARE:
            alone(instance.store.engine.writing)
        for _ in range(self._rng.randint(1, WRITES_MAX)):
            self._steps.append(Step("begun", "", self._number))
            try:
                EDITION_STORES[self._case[2]].write(instance.store, self._number, self._rng)
            except OutcomeUnknownError:
                # It was committed, and its sync failed.
                self._answer(instance)
                self._number += 1
            except RinhaError:
                self._answer(instance)
            else:
                instance.answers.wait(self._number)
                self._number += 1

    def _answer(self, instance: _Instance) -> None:
        """Ends the answers. Transactions whose commit failed are tried again, by any instance."""
        broken = instance.answers.answer()
        undone = [number for number, why in broken if not isinstance(why, OutcomeUnknownError)]
        self._number = min([*undone, self._number])

    def _read(self, _instance: _Instance) -> None:
        """Begins a read transaction or ends it. Frames written in between cannot be copied."""
        if self._reader.in_transaction:
            self._reader.execute("ROLLBACK")
        else:
            self._reader.execute("BEGIN")
            self._reader.execute("SELECT count(*) FROM sqlite_schema").get  # noqa: B018

    def _checkpoint(self, instance: _Instance) -> None:
        with contextlib.suppress(apsw.Error, OSError, RinhaError):
            instance.checkpointer._checkpoint()

    def _by_writer(self, instance: _Instance) -> None:
        instance.checkpointer._checkpoint_in_writer(instance.store.engine.connection, 1 << 30)


def _plant(mistake: str, patch: pytest.MonkeyPatch) -> None:
    from rinha.sqlite.wal_repair import Wal  # noqa: PLC0415 - only where a mistake is planted

    begin = Wal.__init__

    def begin_trusting(wal: Wal, connection: apsw.Connection) -> None:
        begin(wal, connection)
        wal.in_doubt = False

    def only_write_again(wal: Wal, *_: object) -> None:
        wal.write_again()

    def do_nothing(*_: object) -> None:
        pass

    instead = (
        ("settle", only_write_again),
        ("_write_again", do_nothing),
        ("__init__", begin_trusting),
    )
    patch.setattr(Wal, *dict(zip(MISTAKES, instead, strict=True))[mistake])


def history(
    file: Path, synchronous: str, edition: str, fault: Fault, seed: int
) -> tuple[list[Step], list[str]]:
    """Returns all steps of a history, and the file of each sync."""
    disk = RecordingVfs()
    steps = _History((file, synchronous, edition), fault, Random(seed)).run()
    disk.unregister()
    return steps, writeback.syncs
