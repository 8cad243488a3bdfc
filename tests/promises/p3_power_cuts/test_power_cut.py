"""The power fails at any moment, and any subset of the unsynced writes may be on the disk."""

import contextlib
import re
import shutil
import time
from itertools import groupby
from pathlib import Path
from random import Random

import pytest

from rinha.sqlite.limits import PAGE_SIZE_BYTES, WAL_PAGES_LOCKED
from tests.help.edition_stores import EDITION_STORES
from tests.help.effort import drawn_seed, effort
from tests.help.ledger_process import traced
from tests.help.power_cuts import Case, Findings, look
from tests.help.recording_vfs import watch
from tests.help.running import Stack
from tests.help.simulated_disk import Kind

STATES = {
    "crebitos": effort(2_000, 50_000, 100_000),
    "pessoas": effort(1_000, 10_000, 50_000),
}
# Power cuts of one history: a history is small, so more of them would repeat its states.
STATES_A_HISTORY = 1_000
TRANSACTIONS = 150
# Most transactions that a power cut may take with NORMAL (docs/guarantees.md).
AT_RISK_MAX = 1_000
# Transactions whose syncs are counted together.
STRETCH = 100
# Pause between two requests of the usual load.
PAUSE_S = 1 / 340


def cut_power(memory: Path, case: Case, *, kept_at: Kind = "kept") -> Findings:
    seed = drawn_seed()
    found = Findings(Random(seed))
    for number in range(0, case.states, STATES_A_HISTORY):
        working, images = memory / "working", memory / "images"
        for folder in (working, images):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        file = working / "rinha.db"
        steps = watch(file, case.synchronous, TRANSACTIONS, seed + number, case.edition)
        steps = [step._replace(kind="kept") if step.kind == kept_at else step for step in steps]
        states = min(STATES_A_HISTORY, case.states - found.states)
        moments = sorted(found.rng.randrange(len(steps)) for _ in range(states))
        look(case, images, steps, moments, found)
    print(f"{case}: {found}")
    assert len(found.distinct) > case.states / 4
    return found


@pytest.mark.parametrize("edition", EDITION_STORES)
def test_full_loses_nothing_acknowledged(memory: Path, edition: str) -> None:
    """With FULL a power cut loses nothing acknowledged, and corrupts nothing."""
    found = cut_power(memory, Case(edition, "FULL", STATES[edition]))
    assert (found.corrupt[:3], found.out_of_order, found.lost_in) == ([], 0, 0)


@pytest.mark.parametrize("edition", EDITION_STORES)
def test_normal_loses_the_newest_only(memory: Path, edition: str) -> None:
    """With NORMAL a power cut takes a suffix of the history or nothing, and corrupts nothing."""
    found = cut_power(memory, Case(edition, "NORMAL", STATES[edition]))
    assert (found.corrupt[:3], found.out_of_order) == ([], 0)
    assert found.lost_in > 0, "a disk that loses nothing proves nothing"


def test_normal_risks_no_more_than_a_bounded_number(tmp_path: Path) -> None:
    """With NORMAL a running service syncs at least once in 1,000 transactions."""
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
    # The nearest syncs may be at the start of the stretch before and at the end of the one after.
    assert (without + 2) * STRETCH <= AT_RISK_MAX


def test_an_answer_hardly_ever_waits_for_the_disk(tmp_path: Path) -> None:
    """With NORMAL a thread syncs twice for a checkpoint, and a writer once, to restart the WAL."""
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
    # The first sync of a new file also syncs its folder.
    assert waited_for <= 1 + (len(threads) - waited_for) / 2
    assert log_bytes < 2 * WAL_PAGES_LOCKED * PAGE_SIZE_BYTES


def test_the_disk_breaks_what_does_not_sync(memory: Path) -> None:
    """Control: without any sync the same power cuts corrupt ledgers, and the test sees it."""
    found = cut_power(memory, Case("crebitos", "OFF", effort(1_000, 2_000, 5_000)))
    assert found.corrupt
    assert found.lost_in > 0


@pytest.mark.parametrize("kept_at", ["begun", "committed"])
def test_the_disk_convicts_who_acknowledges_too_early(memory: Path, kept_at: Kind) -> None:
    """Control: an answer before the commit, or between commit and group sync, loses acknowledged
    transactions even with FULL."""
    case = Case("crebitos", "FULL", effort(1_000, 2_000, 5_000))
    found = cut_power(memory, case, kept_at=kept_at)
    assert found.corrupt == []
    assert found.lost_in > 0
