"""A disk that fails at the n-th system call of any kind, once or from then on."""

from pathlib import Path
from typing import NamedTuple

import pytest

from rinha.errors import RinhaError
from tests.help.edition_stores import EDITION_STORES
from tests.help.effort import drawn_seed, effort
from tests.help.failed_sync import Fault as Loss
from tests.help.failed_sync import history
from tests.help.forks import apart
from tests.help.ledger_process import LedgerProcess, names_in, traced
from tests.help.simulated_disk import Disk, numbers_in, write_files

# System calls that open, read, write, sync, truncate and delete files.
FILES = ("openat", "pread64", "pwrite64", "fdatasync", "fsync", "ftruncate", "unlink")
# These calls fail only once: a lock that is never free is a neighbour's, and is waited for. They
# fail only where a lock is taken, as a release does not fail on a local disk.
LOCKS = ("fcntl", "flock")
LETTING_GO = ("F_UNLCK", "LOCK_UN")
ERRORS = ("EIO", "ENOSPC", "EROFS")
RUNS = effort(24, 600, 600)
BEFORE = ["a0", "a1"]
AFTER = ["c0", "c1"]
# One run in so many ends with a kill after its fault, and the ledger is read without the fault.
DIES_EVERY = 4
# Histories in which a disk loses writes, and the number of syncs that lose some.
LOSSES = effort(4, 40, 400)
LOSES_FOR = 12


class Fault(NamedTuple):
    call: str
    error: str
    when: str

    @property
    def words(self) -> str:
        return f"--inject={self.call}:error={self.error}:when={self.when}"


def faults_among(calls: dict[str, list[str]]) -> list[Fault]:
    """Returns faults: each call fails alone, or with all later ones; at most RUNS of them."""
    faults = [
        Fault(call, error, f"{number}{suffix}")
        for call in FILES + LOCKS
        for number, words in enumerate(calls.get(call, ()), 1)
        if not any(word in words for word in LETTING_GO)
        for error in ERRORS
        for suffix in ("", "+")
        if not (suffix and call in LOCKS)
    ]
    runs = min(RUNS, len(faults))
    return [faults[run * len(faults) // runs] for run in range(runs)]


def working(file: Path) -> LedgerProcess:
    worker = LedgerProcess(file, "FULL")
    assert worker.tell("open") == "done"
    assert worker.credit(BEFORE)
    return worker


def test_a_disk_that_fails_under_a_transaction(tmp_path: Path) -> None:
    """A disk error never causes a false success, and a commit that is not durable is reported as
    such. The next request after it succeeds, and a restart finds a sound ledger."""
    log = tmp_path / "strace.log"
    worker = working(tmp_path / "whole.db")
    with traced(log, worker.process.pid) as tracing:
        assert worker.work()
        worker.tell("read")
    worker.end()
    happened = unsafe = 0
    for place, fault in enumerate(faults_among(tracing.calls)):
        file = tmp_path / f"{place}.db"
        worker = working(file)
        with traced(log, worker.process.pid, fault.words) as tracing:
            assert worker.work(), fault
            worker.tell("read")
        happened += tracing.injected > 0
        unsafe += len(worker.written) > len(worker.kept)
        if place % DIES_EVERY == 0:
            worker.end()
            # A refused one may be in the WAL all the same, as the newest of all.
            possible = [worker.written, *([*worker.written, *names] for names in worker.refused)]
            assert names_in(file) in possible, fault
            continue
        assert worker.credit(AFTER), fault
        assert worker.kept[-2:] == AFTER, f"{fault}: not itself again: {worker.tell('read')}"
        assert worker.tell("read") == len(worker.written), fault
        worker.end()
        assert names_in(file) == worker.written, fault
    print(f"{happened} faults in {place + 1} runs, {unsafe} of them in a sync after the commit")
    assert happened >= 0.9 * (place + 1)
    assert unsafe > 0


@pytest.mark.parametrize("left_behind", [False, True], ids=["no file", "a log to recover"])
def test_a_disk_that_fails_at_the_start(tmp_path: Path, left_behind: bool) -> None:
    """A failed start reports an error and harms nothing: the next start finds everything
    acknowledged."""
    log = tmp_path / "strace.log"

    def closed(file: Path) -> LedgerProcess:
        before = LedgerProcess(file, "NORMAL")
        if left_behind:
            assert before.tell("open") == "done"
            assert before.work()
        before.end()
        return before

    closed(tmp_path / "whole.db")
    worker = LedgerProcess(tmp_path / "whole.db", "NORMAL")
    with traced(log, worker.process.pid) as tracing:
        assert worker.tell("open") == "done"
    worker.end()
    happened = refused = 0
    for place, fault in enumerate(faults_among(tracing.calls)):
        file = tmp_path / f"{place}.db"
        kept = closed(file).kept
        worker = LedgerProcess(file, "NORMAL")
        with traced(log, worker.process.pid, fault.words) as tracing:
            answer = worker.tell("open")
        happened += tracing.injected > 0
        refused += answer != "done"
        assert answer == "done" or isinstance(answer, RinhaError), (fault, answer)
        if answer == "done":
            assert worker.credit(AFTER), fault
        worker.end()
        assert names_in(file) == kept + worker.kept, fault
    print(f"{happened} faults in {place + 1} runs, {refused} starts refused")
    assert happened >= 0.9 * (place + 1)
    assert refused > 0


@pytest.mark.parametrize("synchronous", ["NORMAL", "FULL"])
def test_a_disk_that_loses_what_it_could_not_write(memory: Path, synchronous: str) -> None:
    """While a disk loses writes nothing is acknowledged falsely, and both instances recover without
    a restart. A power cut after the close loses nothing acknowledged with FULL, and only the newest
    with NORMAL."""
    seed = drawn_seed()
    for number in range(LOSSES):
        edition = list(EDITION_STORES)[number % len(EDITION_STORES)]
        working, image = memory / f"{number}", memory / "image"
        working.mkdir()
        image.mkdir(exist_ok=True)
        loss = Loss(sync=1 + number, more=LOSES_FOR)
        file = working / "rinha.db"
        steps, _ = apart(history, file, synchronous, edition, loss, seed + number)
        disk = Disk()
        for step in steps:
            disk.take(step)
        write_files(image, disk.as_synced())
        kept = max(step.place for step in steps if step.kind == "kept")
        left = numbers_in(image / "rinha.db", edition)
        assert left == list(range(1, len(left) + 1))
        assert synchronous == "NORMAL" or len(left) >= kept
