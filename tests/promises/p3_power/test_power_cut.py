"""The power goes at any moment, and a disk keeps of what was not synced whatever it likes."""

import contextlib
import re
import shutil
import time
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from random import Random

import pytest

from rinha.sqlite.limits import LOG_PAGES_LOCKED, PAGE_SIZE_BYTES
from tests.help.disk import CorruptError, Disk, Kind, Step, numbers_in, watch, write_files
from tests.help.effort import drawn_seed, effort
from tests.help.running import Stack
from tests.help.teller import traced
from tests.help.tenants import TENANTS

STATES = {
    "crebitos": effort(2_000, 50_000, 100_000),
    "pessoas": effort(1_000, 10_000, 50_000),
}
# Each from another history; so many a history, for the disk of a history is small.
STATES_A_HISTORY = 1_000
TRANSACTIONS = 150
# docs/guarantees.md: what a power cut may take with NORMAL, at most.
AT_RISK_MAX = 1_000
# How finely the syncs are counted.
STRETCH = 100
# Between two requests of the usual load.
PAUSE_S = 1 / 340
# So often the service itself is started on what is left, and goes on.
SERVICE_EVERY = 200


@dataclass
class Findings:
    states: int = 0
    distinct: set[int] = field(default_factory=set)
    corrupt: list[str] = field(default_factory=list)
    # In how many a number is missing before one that is there, or one that nobody sent is there.
    out_of_order: int = 0
    lost_in: int = 0
    lost_most: int = 0

    def __str__(self) -> str:
        return (
            f"{self.states} states, {len(self.distinct)} distinct: {len(self.corrupt)} corrupt, "
            f"{self.out_of_order} not a prefix, acknowledged ones lost in {self.lost_in}, "
            f"at most {self.lost_most}"
        )


@dataclass
class Case:
    """Whose history it is, how it is synced, and how often the power goes in it."""

    edition: str
    synchronous: str
    states: int


def look(case: Case, folder: Path, steps: list[Step], chance: Random, found: Findings) -> None:
    """Cuts the power so many times, at random steps, and reads what is left."""
    states = min(STATES_A_HISTORY, case.states - found.states)
    moments = sorted(chance.randrange(len(steps)) for _ in range(states))
    disk, done, begun, kept = Disk(), 0, 0, 0
    for moment in moments:
        for step in steps[done:moment]:
            disk.take(step)
            begun = step.place if step.kind == "begun" else begun
            # What one instance syncs is the other's too, whose answers may come later.
            kept = max(kept, step.place) if step.kind == "kept" else kept
        done = moment
        files = disk.after_a_cut(chance)
        write_files(folder, files)
        found.states += 1
        found.distinct.add(hash(tuple(bytes(data) for data in files.values())))
        try:
            left = numbers_in(folder / "rinha.db", case.edition)
        except CorruptError as error:
            found.corrupt.append(str(error))
            continue
        found.out_of_order += left != list(range(1, len(left) + 1)) or len(left) > max(begun, kept)
        found.lost_in += len(left) < kept
        found.lost_most = max(found.lost_most, kept - len(left))
        if found.states % SERVICE_EVERY == 0:
            assert_service_goes_on(case, folder, files, len(left))


def assert_service_goes_on(
    case: Case, folder: Path, files: dict[str, bytearray], left: int
) -> None:
    write_files(folder, files)
    tenant = TENANTS[case.edition]
    store = tenant.open(folder / "rinha.db", "NORMAL")
    tenant.write(store, left + 1, Random(left))
    audit = store.audit()
    store.close()
    assert audit.problems == []
    assert numbers_in(folder / "rinha.db", case.edition) == list(range(1, left + 2))


def cut_power(memory: Path, case: Case, *, kept_at: Kind = "kept") -> Findings:
    seed, found = drawn_seed(), Findings()
    for number in range(0, case.states, STATES_A_HISTORY):
        working, images = memory / "working", memory / "images"
        for folder in (working, images):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        file = working / "rinha.db"
        steps = watch(file, case.synchronous, TRANSACTIONS, seed + number, case.edition)
        steps = [step._replace(kind="kept") if step.kind == kept_at else step for step in steps]
        look(case, images, steps, Random(seed + number), found)
    print(f"{case}: {found}")
    assert len(found.distinct) > case.states / 4
    return found


@pytest.mark.parametrize("edition", TENANTS)
def test_full_loses_nothing_acknowledged(memory: Path, edition: str) -> None:
    """With FULL whatever was acknowledged is there after a power cut, and nothing is corrupt."""
    found = cut_power(memory, Case(edition, "FULL", STATES[edition]))
    assert (found.corrupt[:3], found.out_of_order, found.lost_in) == ([], 0, 0)


@pytest.mark.parametrize("edition", TENANTS)
def test_normal_loses_the_newest_only(memory: Path, edition: str) -> None:
    """With NORMAL a power cut takes a suffix of the history or nothing, and corrupts nothing."""
    found = cut_power(memory, Case(edition, "NORMAL", STATES[edition]))
    assert (found.corrupt[:3], found.out_of_order) == ([], 0)
    assert found.lost_in > 0, "a disk that loses nothing proves nothing"


def test_normal_risks_no_more_than_a_bounded_number(tmp_path: Path) -> None:
    """However busy it is, a running service syncs at least once in so many transactions."""
    with Stack(tmp_path, RINHA_SYNCHRONOUS="NORMAL") as stack:
        logs = [tmp_path / f"strace{number}.log" for number in range(len(stack.instances))]
        client, syncs = stack.client(), []
        for _ in range(3 * AT_RISK_MAX // STRETCH):
            with contextlib.ExitStack() as tracings:
                traces = [
                    tracings.enter_context(traced(log, instance.pid, "--trace=fdatasync,fsync"))
                    for log, instance in zip(logs, stack.instances, strict=True)
                ]
                for _ in range(STRETCH):
                    assert client.transact(3, 1, "c").status == 200
            syncs.append(sum(len(calls) for trace in traces for calls in trace.calls.values()))
    runs = [len(list(run)) for synced, run in groupby(syncs, bool) if not synced]
    without = max(runs, default=0)
    print(f"syncs in {STRETCH} transactions each: {syncs}")
    # A sync may come first in the stretch before these, and last in the one after.
    assert (without + 2) * STRETCH <= AT_RISK_MAX


def test_an_answer_hardly_ever_waits_for_the_disk(tmp_path: Path) -> None:
    """With NORMAL a thread syncs twice to move the log; a writer once, to begin the next one."""
    with Stack(tmp_path, RINHA_SYNCHRONOUS="NORMAL") as stack:
        log, client = tmp_path / "strace.log", stack.client()
        both = [f"--attach={instance.pid}" for instance in stack.instances]
        with traced(log, stack.instances[0].pid, "--trace=fdatasync,fsync", *both[1:]):
            for _ in range(2 * AT_RISK_MAX):
                assert client.transact(3, 1, "c").status == 200
                time.sleep(PAUSE_S)
        threads = re.findall(r"^(\d+) +f(?:data)?sync\(", log.read_text(), re.MULTILINE)
        answering = {str(instance.pid) for instance in stack.instances}
        log_bytes = stack.file.with_name("rinha.db-wal").stat().st_size
    waited_for = sum(thread in answering for thread in threads)
    print(f"{waited_for} of {len(threads)} syncs by writers, log of {log_bytes} bytes")
    assert threads
    # The first sync of a new file is also one of its folder.
    assert waited_for <= 1 + (len(threads) - waited_for) / 2
    assert log_bytes < 2 * LOG_PAGES_LOCKED * PAGE_SIZE_BYTES


def test_the_disk_breaks_what_does_not_sync(memory: Path) -> None:
    """The control: without any sync the same cuts corrupt ledgers, and the test sees it."""
    found = cut_power(memory, Case("crebitos", "OFF", effort(1_000, 2_000, 5_000)))
    assert found.corrupt
    assert found.lost_in > 0


@pytest.mark.parametrize("kept_at", ["begun", "committed"])
def test_the_disk_convicts_who_acknowledges_too_early(memory: Path, kept_at: Kind) -> None:
    """The control: answering before the commit, or after it but before the sync that many share,
    loses acknowledged transactions, even with FULL."""
    case = Case("crebitos", "FULL", effort(1_000, 2_000, 5_000))
    found = cut_power(memory, case, kept_at=kept_at)
    assert found.corrupt == []
    assert found.lost_in > 0
