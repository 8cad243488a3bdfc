"""Once a second an instance says that it lives, and what it takes."""

import resource
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rinha.ops.habit import AuditHabit
from rinha.ops.limits import BEAT_EVERY_S, CLOCK_STEP_MIN_S
from rinha.ops.meter import Meter
from rinha.settings import Settings

GROUPS = Path("/sys/fs/cgroup")


@contextmanager
def beating(meter: Meter, knobs: Settings) -> Iterator[None]:
    """While it lasts."""
    ended = threading.Event()
    cpus_milli, memory_bytes = limits_of_this_process()
    meter.set("cpu_limit", to=cpus_milli)
    meter.set("memory_limit_bytes", to=memory_bytes)
    meter.set("start_time_seconds", to=time.time_ns() // 1000)
    thread = threading.Thread(
        target=_beat, args=(meter, AuditHabit(meter, knobs), ended), name="beat", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        ended.set()


def _beat(meter: Meter, habit: AuditHabit, ended: threading.Event) -> None:
    # They are for the thread that waits for them.
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    before_cpu_us = 0
    ahead_s = time.time() - time.monotonic()
    while True:
        used = resource.getrusage(resource.RUSAGE_SELF)
        cpu_us = round((used.ru_utime + used.ru_stime) * 1e6)
        meter.add("process_cpu_seconds", by=cpu_us - before_cpu_us)
        before_cpu_us = cpu_us
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        meter.set("process_resident_bytes", to=pages * resource.getpagesize())
        meter.set("beat_time_seconds", to=time.time_ns() // 1000)
        now_ahead_s = time.time() - time.monotonic()
        if abs(now_ahead_s - ahead_s) > CLOCK_STEP_MIN_S:
            meter.add("clock_steps")
        ahead_s = now_ahead_s
        habit.look()
        if ended.wait(BEAT_EVERY_S):
            habit.end()
            return


def limits_of_this_process() -> tuple[int, int]:
    """Thousandths of a CPU, and bytes, that its control group allows; 0 where there is no limit."""
    cpus_milli = memory_bytes = 0
    with suppress(OSError, ValueError):
        quota, period = (GROUPS / "cpu.max").read_text().split()
        cpus_milli = int(quota) * 1000 // int(period)
    with suppress(OSError, ValueError):
        quota_us = int((GROUPS / "cpu" / "cpu.cfs_quota_us").read_text())
        period_us = int((GROUPS / "cpu" / "cpu.cfs_period_us").read_text())
        cpus_milli = max(0, quota_us * 1000 // period_us)
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        with suppress(OSError, ValueError):
            # Without a limit version 1 says some exabytes.
            found = int((GROUPS / name).read_text())
            memory_bytes = found if found < 1 << 50 else 0
    return cpus_milli, memory_bytes
