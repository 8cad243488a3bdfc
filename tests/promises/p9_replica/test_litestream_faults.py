"""Faults of Litestream or of its replica's storage: no request fails, the state reports them, and
the replica catches up by itself."""

import os
import platform
import signal
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from stack.drill import rows
from tests.help.effort import drawn_seed, effort
from tests.help.following import Following, replicated, restore
from tests.help.running import finish, rinha
from tests.help.small_disk import small_disk
from tests.help.stepped_clock import SteppedClock
from tests.help.transaction_load import TransactionLoad

RATE = 340
KILLS = effort(3, 10, 40)
# Litestream doubles its wait after each try that fails.
AWAY_S = effort(8, 15, 60)
STOPPED_S = effort(2, 20, 60)
# Too small only with the ballast: once it is removed, everything written meanwhile must fit.
SMALL_BYTES = effort(2_000_000, 4_000_000, 60_000_000)
SENT_MAX_S = 15
HOUR_S = 3600
# Time between the creation of an LTX file and the check of it, at most.
CLOCK_LAG_S = 8
# Offset of the timestamp in an LTX file.
TIME_AT = 32


@contextmanager
def under_load(folder: Path, copy: Path) -> Iterator[Following]:
    """Runs a load with Litestream. At its end no request has failed, and the replica equals the
    ledger row by row."""
    with replicated(folder, f"file://{copy}") as (stack, following):
        with TransactionLoad(stack.port, RATE, drawn_seed()) as load:
            time.sleep(1)
            yield following
            time.sleep(1)
        following.wait_until_follows()
        assert load.failed == []
        try:
            assert_is_the_ledger(folder, copy)
        finally:
            print(following.log_text())


def assert_is_the_ledger(folder: Path, copy: Path) -> None:
    """Asserts that the replica equals the ledger, once the newest rows had time to be sent."""
    wanted, deadline = rows(folder / "ledger" / "rinha.db"), time.monotonic() + SENT_MAX_S
    while True:
        back = folder / f"back{time.monotonic_ns()}.db"
        code, said = restore(back, f"file://{copy}")
        assert code == 0, said
        found = rows(back)
        if found == wanted:
            return
        known = set(found)
        assert found == [row for row in wanted if row in known], "more than a part is missing"
        assert time.monotonic() < deadline, f"{len(wanted) - len(found)} rows are missing"
        time.sleep(0.5)


def test_litestream_killed_at_any_time_leaves_no_gap(folder: Path) -> None:
    """Litestream that is killed and restarted misses nothing: restores in between are sound, and
    the last one equals the ledger."""
    rng, copy = Random(drawn_seed()), folder / "copy"
    with under_load(folder, copy) as following:
        for number in range(KILLS):
            begun = following.begun
            os.kill(following.pid, signal.SIGKILL)
            while following.begun == begun:
                time.sleep(0.05)
            time.sleep(rng.uniform(0, 3))
            if number % 3 == 2:
                following.wait_until_follows()
                code, said = restore(folder / f"{number}.db", f"file://{copy}")
                assert code == 0, said
    assert following.begun == KILLS + 1


def test_a_late_watchdog_watches_no_other_process(folder: Path) -> None:
    """A watchdog that starts after Litestream has ended ends too, and holds no lock."""
    gone = subprocess.Popen(["true"])
    gone.wait()
    told = {"RINHA_LEDGER": str(folder / "rinha.db"), "RINHA_REPLICA": f"file://{folder}/copy"}
    watch = rinha("replicate", "watchdog", **told, RINHA_LITESTREAM_PID=str(gone.pid))
    assert finish(watch) == (0, "", "")


def test_litestream_that_stands_still_is_ended(folder: Path) -> None:
    """A stopped Litestream is killed before a request times out on its lock, and that is logged."""
    with under_load(folder, folder / "copy") as following:
        begun = following.begun
        os.kill(following.pid, signal.SIGSTOP)
        following.wait_for("Litestream was killed")
        while following.begun == begun:
            time.sleep(0.05)
    ended = [line for line in following.logs() if line.get("event") == "Litestream was killed"]
    assert ended[0]["reason"] == "it is stopped"


def holds_the_write_lock(pid: int, ledger: Path) -> bool:
    shared = ledger.with_name("rinha.db-shm").stat().st_ino
    locks = Path("/proc/locks").read_text().splitlines()
    return any(f" WRITE {pid} " in line and f":{shared} 120 120" in line for line in locks)


def test_litestream_and_its_watch_may_stop_for_a_minute(folder: Path) -> None:
    """If Litestream and its watchdog pause together the state says so, and both resume."""
    with under_load(folder, folder / "copy") as following:
        watcher, litestream = following.watcher, following.pid
        assert watcher is not None
        os.kill(watcher, signal.SIGSTOP)
        os.kill(litestream, signal.SIGSTOP)
        # Not while Litestream holds SQLite's write lock, which takes some milliseconds: requests
        # would fail.
        while holds_the_write_lock(litestream, folder / "ledger" / "rinha.db"):
            os.kill(litestream, signal.SIGCONT)
            time.sleep(0.01)
            os.kill(litestream, signal.SIGSTOP)
        time.sleep(STOPPED_S)
        said = following.wait_until_behind()
        assert "is not written: Litestream does not run" in said
        os.kill(litestream, signal.SIGCONT)
        os.kill(watcher, signal.SIGCONT)
    assert following.begun == 1


def test_storage_that_is_gone_for_a_while(folder: Path) -> None:
    """Changes that cannot be sent while the storage is gone are sent when it is back."""
    copy, moved = folder / "copy", folder / "moved"
    with under_load(folder, copy) as following:
        copy.rename(moved)
        copy.write_text("a file in its place")
        time.sleep(AWAY_S)
        assert "behind" in following.wait_until_behind()
        copy.unlink()
        moved.rename(copy)
        following.wait_for("replica has caught up", timeout_s=2 * AWAY_S + 30)
    assert "replica is behind" in following.events()
    assert following.begun == 1


@pytest.fixture
def small_storage(folder: Path) -> Iterator[Path]:
    with small_disk(folder / "small", SMALL_BYTES) as place:
        yield place


def test_storage_that_is_full_for_a_while(folder: Path, small_storage: Path) -> None:
    """Full storage is reported; with room again the replica catches up."""
    ballast = small_storage / "ballast"
    with under_load(folder, small_storage / "copy") as following:
        ballast.write_bytes(b"x" * (SMALL_BYTES - used_bytes(small_storage) - 20_000))
        assert "behind" in following.wait_until_behind()
        time.sleep(AWAY_S)
        ballast.unlink()
        following.wait_for("replica has caught up", timeout_s=2 * AWAY_S + 60)
    assert "no space left on device" in following.log_text()


def used_bytes(place: Path) -> int:
    status = os.statvfs(place)
    return (status.f_blocks - status.f_bfree) * status.f_frsize


def is_off_by_s(ledger: Path) -> float:
    """Returns the offset of Litestream's clock, by the timestamp in its newest LTX file."""
    parts = (ledger / ".rinha.db-litestream" / "ltx" / "0").glob("*.ltx")
    (time_ms,) = struct.unpack_from(">q", max(parts).read_bytes(), TIME_AT)
    return float(time_ms) / 1000 - time.time()


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the clock is set in machine code")
def test_a_clock_that_steps(folder: Path) -> None:
    """Replication goes on while the clock steps hours and days back and forth."""
    with under_load(folder, folder / "copy") as following:
        clock = SteppedClock(following.pid)
        a_little = Random(drawn_seed()).randint(-99, 99)
        for seconds in (HOUR_S, -HOUR_S, 26 * HOUR_S, a_little, -9 * 24 * HOUR_S, 0):
            clock.set(seconds)
            time.sleep(effort(3, 5, 20))
            following.wait_until_follows()
            assert abs(is_off_by_s(folder / "ledger") - seconds) < CLOCK_LAG_S
    assert following.begun == 1
