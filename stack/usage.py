"""CPU, memory and threads of the parts of a stack of plain processes."""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
MEGABYTE = 1_000_000


def table(services: Sequence[Path]) -> Iterator[tuple[str, ...]]:
    """Yields the rows of a table: the process of each service, and its children.

    CPU is the mean since the start of the process, as in ps.
    """
    yield "PART", "PID", "CPU", "MB", "THREADS"
    uptime_s = float(Path("/proc/uptime").read_text().split()[0])
    for service in services:
        with suppress(OSError, ValueError):
            first = (service / "supervise" / "pid").read_text().strip()
            for pid in (first, *map(str, children_of(first))):
                stat = stat_of(pid)
                cpu_s, threads, started_s = seconds(stat[11:15]), stat[17], seconds(stat[19:20])
                memory = int(stat[21]) * os.sysconf("SC_PAGE_SIZE") / MEGABYTE
                cpu = cpu_s / max(uptime_s - started_s, 1 / TICKS)
                yield service.name, pid, f"{cpu:.1%}", f"{memory:.1f}", threads


def children_of(pid: str | int) -> list[int]:
    """Returns the pids of the processes that the main thread of this one started."""
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def stat_of(pid: str | int) -> list[str]:
    """Returns the fields after the name, which may contain anything: state, parent, ..."""
    return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()


def seconds(ticks: Sequence[str]) -> float:
    return sum(map(int, ticks)) / TICKS
