"""A disk that fails at the n-th system call of any kind, once or from then on."""

from pathlib import Path
from typing import NamedTuple

import pytest

from rinha.errors import RinhaError
from tests.help.disk import Disk, numbers_in, write_files
from tests.help.effort import drawn_seed, effort
from tests.help.failed_sync import Fault as Loss
from tests.help.failed_sync import history
from tests.help.forks import apart
from tests.help.teller import Teller, names_in, traced
from tests.help.tenants import TENANTS

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


def working(file: Path) -> Teller:
    teller = Teller(file, "FULL")
    assert teller.tell("open") == "done"
    assert teller.credit(BEFORE)
    return teller


def test_a_disk_that_fails_under_a_transaction(tmp_path: Path) -> None:
    """A disk error never causes a false success, and a commit that is not durable is reported as
    such. The next request after it succeeds, and a restart finds a sound ledger."""
    log = tmp_path / "strace.log"
    teller = working(tmp_path / "whole.db")
    with traced(log, teller.process.pid) as tracing:
        assert teller.work()
        teller.tell("read")
    teller.end()
    happened = unsafe = 0
    for place, fault in enumerate(faults_among(tracing.calls)):
        file = tmp_path / f"{place}.db"
        teller = working(file)
        with traced(log, teller.process.pid, fault.words) as tracing:
            assert teller.work(), fault
            teller.tell("read")
        happened += tracing.injected > 0
        unsafe += len(teller.written) > len(teller.kept)
        if place % DIES_EVERY == 0:
            teller.end()
            # A refused one may be in the WAL all the same, as the newest of all.
            possible = [teller.written, *([*teller.written, name] for name in teller.refused)]
            assert names_in(file) in possible, fault
            continue
        assert teller.credit(AFTER), fault
        assert teller.kept[-2:] == AFTER, f"{fault}: not itself again: {teller.tell('read')}"
        assert teller.tell("read") == len(teller.written), fault
        teller.end()
        assert names_in(file) == teller.written, fault
    print(f"{happened} faults in {place + 1} runs, {unsafe} of them in a sync after the commit")
    assert happened >= 0.9 * (place + 1)
    assert unsafe > 0


@pytest.mark.parametrize("left_behind", [False, True], ids=["no file", "a log to recover"])
def test_a_disk_that_fails_at_the_start(tmp_path: Path, left_behind: bool) -> None:
    """A failed start reports an error and harms nothing: the next start finds everything
    acknowledged."""
    log = tmp_path / "strace.log"

    def closed(file: Path) -> Teller:
        before = Teller(file, "NORMAL")
        if left_behind:
            assert before.tell("open") == "done"
            assert before.work()
        before.end()
        return before

    closed(tmp_path / "whole.db")
    teller = Teller(tmp_path / "whole.db", "NORMAL")
    with traced(log, teller.process.pid) as tracing:
        assert teller.tell("open") == "done"
    teller.end()
    happened = refused = 0
    for place, fault in enumerate(faults_among(tracing.calls)):
        file = tmp_path / f"{place}.db"
        kept = closed(file).kept
        teller = Teller(file, "NORMAL")
        with traced(log, teller.process.pid, fault.words) as tracing:
            answer = teller.tell("open")
        happened += tracing.injected > 0
        refused += answer != "done"
        assert answer == "done" or isinstance(answer, RinhaError), (fault, answer)
        if answer == "done":
            assert teller.credit(AFTER), fault
        teller.end()
        assert names_in(file) == kept + teller.kept, fault
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
        edition = list(TENANTS)[number % len(TENANTS)]
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
