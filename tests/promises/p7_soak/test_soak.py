"""The usual load for as long as SOAK says: nothing grows, nothing slows down, and snapshots taken
meanwhile are sound."""

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import apsw
import pytest

from loadtest.crebitos.report import CrebitosReport
from loadtest.report.data import Load
from loadtest.report.json import read_json
from tests.help.commands import assert_sound
from tests.help.running import ROOT, Stack, finish, rinha
from tests.help.stack_samples import MEGABYTE, Sampler, memory_megabytes_an_hour

pytestmark = pytest.mark.soak

SOAK = os.environ.get("SOAK", "2m")
UNITS_S = {"s": 1, "m": 60}
RATE = 340
SNAPSHOT_EVERY_S = 300
WARM_UP_SHARE = 0.2
WAL_MAX_BYTES = 8 * MEGABYTE
MEMORY_MB_AN_HOUR_MAX = 1.0
# A rate per hour means nothing before a part of the hour has passed.
MEMORY_JUDGED_FROM_S = 1_200
DESCRIPTORS_MORE_MAX = 8
P99_DRIFT_MAX = 0.10
# A change of the p99 below this is noise of the machine.
P99_DRIFT_MIN_US = 100


def seconds(text: str) -> float:
    """Returns the seconds of a duration such as 30m, as `loadtest` reads it."""
    number, unit = (text[:-1], text[-1]) if text[-1:] in UNITS_S else (text, "s")
    assert number.replace(".", "", 1).isdigit(), f"SOAK is like 30m or 90, not {text}"
    return float(number) * UNITS_S[unit]


def start_load(stack: Stack, report: Path) -> "subprocess.Popen[str]":
    words = [sys.executable, "-m", "loadtest", "run", f"127.0.0.1:{stack.port}", "--plain"]
    words += ["-r", str(RATE), "-d", SOAK, "--json", str(report)]
    return subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


def snapshot(stack: Stack, copy: Path) -> Path:
    """Takes a snapshot with the `rinha` command, and audits it."""
    code, _, err = finish(rinha("snapshot", str(copy), RINHA_LEDGER=str(stack.file)))
    assert code == 0, err
    assert_sound(copy)
    return copy


def assert_is_a_past_state_of(copy: Path, whole: Path) -> None:
    """Asserts that a snapshot has rows, and no row that the ledger does not have."""
    connection = apsw.Connection(str(whole), flags=apsw.SQLITE_OPEN_READONLY)
    connection.execute("ATTACH ? AS copy", (str(copy),))
    rows = connection.execute("SELECT count(*) FROM copy.transacoes").get
    strange = "SELECT count(*) FROM (SELECT * FROM copy.transacoes EXCEPT SELECT * FROM transacoes)"
    assert rows > 0
    assert connection.execute(strange).get == 0
    connection.close()


def p99_us(load: Load, share_from: float, share_to: float) -> float:
    """Returns the median of the p99 of each second in that part of the run."""
    every = load.seconds
    part = every[int(len(every) * share_from) : int(len(every) * share_to)]
    return median(float(second.p99_us) for second in part)


def assert_bounded(sampler: Sampler) -> None:
    settled = sampler.after(WARM_UP_SHARE)
    wal_bytes = max(each.wal_bytes for each in sampler.samples)
    slope = memory_megabytes_an_hour(settled)
    # Each request in flight has three descriptors: medians show those that stay, a leak.
    quarter = len(settled) // 4 or 1
    early = median(each.descriptors for each in settled[:quarter])
    late = median(each.descriptors for each in settled[-quarter:])
    print(
        f"log at most {wal_bytes / MEGABYTE:.1f} MB, memory {slope:+.2f} MB/h at "
        f"{settled[-1].memory_bytes / MEGABYTE:.0f} MB, {early:.0f} descriptors early, "
        f"{late:.0f} late, {len(sampler.samples)} samples"
    )
    assert wal_bytes <= WAL_MAX_BYTES
    assert late - early <= DESCRIPTORS_MORE_MAX
    if settled[-1].at_s >= MEMORY_JUDGED_FROM_S:
        assert slope < MEMORY_MB_AN_HOUR_MAX


def soak(stack: Stack, report: Path, snapshots: Path) -> tuple[Sampler, list[Path]]:
    """Runs the load to its end; returns the samples and the snapshots taken meanwhile."""
    snapshots.mkdir()
    copies: list[Path] = []
    with Sampler(stack) as sampler:
        load = start_load(stack, report)
        pause_s = min(SNAPSHOT_EVERY_S, seconds(SOAK) / 3)
        next_copy_at = time.monotonic() + pause_s
        while load.poll() is None:
            time.sleep(0.5)
            if time.monotonic() >= next_copy_at:
                next_copy_at += pause_s
                copies.append(snapshot(stack, snapshots / f"{len(copies)}.db"))
    print(load.communicate()[0])
    assert load.returncode == 0
    return sampler, copies


def test_the_last_minutes_are_like_the_first(tmp_path: Path) -> None:
    """WAL, memory, descriptors and latency stay bounded, and each snapshot is sound."""
    with Stack(tmp_path) as stack:
        sampler, copies = soak(stack, tmp_path / "report.json", tmp_path / "snapshots")
    assert copies
    for copy in copies:
        assert_is_a_past_state_of(copy, stack.file)
    load = read_json(tmp_path / "report.json", CrebitosReport).load
    assert load is not None
    early_us, late_us = p99_us(load, WARM_UP_SHARE, 0.4), p99_us(load, 0.8, 1)
    print(f"{len(copies)} snapshots, p99 {early_us:.0f} us early, {late_us:.0f} us late")
    assert_bounded(sampler)
    assert late_us < early_us * (1 + P99_DRIFT_MAX) + P99_DRIFT_MIN_US
