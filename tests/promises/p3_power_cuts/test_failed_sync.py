"""A write to the file or its WAL is lost, a sync reports it once, and later the power fails."""

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.help.edition_stores import EDITION_STORES
from tests.help.effort import drawn_seed, effort
from tests.help.failed_sync import MISTAKES, Fault, history
from tests.help.forks import apart
from tests.help.power_cuts import Case, Findings, look
from tests.help.recording_vfs import LEDGER, WAL
from tests.help.simulated_disk import Step

HISTORIES = effort(3, 5, 60)
# Failed syncs of each file in a history, at most; each has its own run.
FAULTS_A_HISTORY = effort(5, 1_000, 1_000)
CUTS_A_FAULT = effort(12, 16, 30)
# A mistake is found in about every second history, so after these it was found.
CONVICTED_AFTER = 40


def cut_power(memory: Path, synchronous: str) -> Findings:
    """Runs a history for each failed sync, and cuts the power at random moments after it."""
    seed, faults = drawn_seed(), Counter[str]()
    found = Findings(Random(seed))
    for number in range(HISTORIES):
        faults += cut_power_in(memory, synchronous, "", seed + number, found)
    print(f"{synchronous}: {dict(faults)}, {found}")
    assert len(faults) == 2
    return found


def cut_power_in(
    memory: Path, synchronous: str, mistake: str, seed: int, found: Findings
) -> Counter[str]:
    """Does the same for one history; returns the number of losses of each file."""
    case = Case(list(EDITION_STORES)[seed % len(EDITION_STORES)], synchronous, 0)
    _, syncs = history_of(memory, case, Fault(mistake=mistake), seed)
    faults = Counter[str]()
    for fault in faults_in(syncs, found.rng, mistake):
        steps, _ = history_of(memory, case, fault, seed)
        lost = [step for step in steps if step.kind == "lost"]
        faults.update(step.file for step in lost)
        place = steps.index(lost[0])
        moments = range(place + 1, len(steps) + 1)
        cuts = sorted(found.rng.choices(moments, k=CUTS_A_FAULT))
        look(case, memory / "images", steps, cuts, found)
    return faults


def faults_in(syncs: list[str], rng: Random, mistake: str) -> Iterator[Fault]:
    for file in (LEDGER, WAL):
        places = [place for place, synced in enumerate(syncs, 1) if synced == file]
        for sync in rng.sample(places, min(len(places), FAULTS_A_HISTORY)):
            yield Fault(sync, rng.choice((0, 0, 0, 3)), rng.random() < 0.5, mistake)


def history_of(memory: Path, case: Case, fault: Fault, seed: int) -> tuple[list[Step], list[str]]:
    for folder in (memory / "working", memory / "images"):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    file = memory / "working" / "rinha.db"
    return apart(history, file, case.synchronous, case.edition, fault, seed)


def test_full_loses_nothing_acknowledged_whichever_sync_fails(memory: Path) -> None:
    """With FULL a failed sync and a power cut lose nothing acknowledged. The sync is of the file or
    the WAL, by either instance, in any step; the instance may die of it."""
    found = cut_power(memory, "FULL")
    assert (found.corrupt[:3], found.out_of_order, found.lost_in) == ([], 0, 0)


def test_normal_loses_the_newest_only_whichever_sync_fails(memory: Path) -> None:
    """With NORMAL a failed sync and a power cut leave a sound prefix of the history."""
    found = cut_power(memory, "NORMAL")
    assert (found.corrupt[:3], found.out_of_order) == ([], 0)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_disk_convicts_who_tries_again_as_if_nothing_were_lost(
    memory: Path, mistake: str
) -> None:
    """Control: leaving out any part of the repair after a failed sync is detected."""
    seed = drawn_seed()
    found = Findings(Random(seed))
    for number in range(CONVICTED_AFTER):
        cut_power_in(memory, "FULL", mistake, seed + number, found)
        if found.is_broken or found.lost_in:
            break
    print(f"{mistake}: after {number + 1} histories, {found}")
    assert found.is_broken or found.lost_in
