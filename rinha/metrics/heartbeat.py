"""Heartbeat of an instance: once a second it records that it runs, and its CPU time and memory."""

import resource
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rinha.logs import log
from rinha.metrics.audit_schedule import AuditSchedule
from rinha.metrics.limits import CLOCK_STEP_MIN_S, HEARTBEAT_EVERY_S
from rinha.metrics.meter import Meter
from rinha.settings import Settings

GROUPS = Path("/sys/fs/cgroup")
STATM = Path("/proc/self/statm")


@contextmanager
def heartbeats(meter: Meter, settings: Settings) -> Iterator[None]:
    """Runs the heartbeat and the scheduled audits in a thread."""
    ended = threading.Event()
    cpus_milli, memory_bytes = limits_of_this_process()
    meter.set("cpu_limit", to=cpus_milli)
    meter.set("memory_limit_bytes", to=memory_bytes)
    meter.set("start_time_seconds", to=time.time_ns() // 1000)
    meter.set("audit_every_seconds", to=round((settings.audit_every_s or 0) * 1e6))
    thread = threading.Thread(
        target=_run,
        args=(Heartbeat(meter), AuditSchedule(meter, settings), ended),
        name="heartbeat",
        daemon=True,
    )
    thread.start()
    try:
        yield
    finally:
        ended.set()


class Heartbeat:
    """Values that an instance records about itself."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._cpu_us_before = 0
        self._ahead_s = time.time() - time.monotonic()

    def note(self) -> None:
        """Records all values. The time comes first, so that no failure hides that the instance
        runs."""
        self._meter.set("beat_time_seconds", to=time.time_ns() // 1000)
        now_ahead_s = time.time() - time.monotonic()
        if abs(now_ahead_s - self._ahead_s) > CLOCK_STEP_MIN_S:
            self._meter.add("clock_steps")
        self._ahead_s = now_ahead_s
        used = resource.getrusage(resource.RUSAGE_SELF)
        cpu_us = round((used.ru_utime + used.ru_stime) * 1e6)
        self._meter.add("process_cpu_seconds", by=cpu_us - self._cpu_us_before)
        self._cpu_us_before = cpu_us
        pages = int(STATM.read_text().split()[1])
        self._meter.set("process_resident_bytes", to=pages * resource.getpagesize())


def _run(heartbeat: Heartbeat, audits: AuditSchedule, ended: threading.Event) -> None:
    # Signals are for the thread that waits for them.
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    while True:
        _attempt("heartbeat failed", heartbeat.note)
        _attempt("the audit could not run", audits.look)
        if ended.wait(HEARTBEAT_EVERY_S):
            audits.end()
            return


def _attempt(event: str, step: Callable[[], None]) -> None:
    """Runs a step, and logs its failure, such as a lack of descriptors or processes."""
    try:
        step()
    except Exception as error:  # noqa: BLE001 - the thread goes on
        log.error(event, exc_info=error)


def limits_of_this_process() -> tuple[int, int]:
    """Returns the control group's limits, in thousandths of a CPU and in bytes; 0 means no
    limit."""
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
            # Version 1 reports some exabytes if there is no limit.
            found = int((GROUPS / name).read_text())
            memory_bytes = found if found < 1 << 50 else 0
    return cpus_milli, memory_bytes
