"""Gauges of nginx: its connections, and the CPU time and memory of its processes if visible."""

import os
import resource
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from rinha.store import Gauge

STATES = ("active", "reading", "writing", "waiting")
PROC = Path("/proc")


def gauges_of_nginx(folder: Path, connections: str) -> Iterator[Gauge]:
    for state, number in zip(STATES, connections.split(), strict=False):
        labels = (("state", state),)
        yield Gauge("nginx_connections", "Connections of nginx.", float(number), labels)
    # The processes are not visible if nginx runs in a container of its own.
    with suppress(OSError, ValueError, IndexError):
        master = int((folder / "nginx.pid").read_text())
        workers = (PROC / str(master) / "task" / str(master) / "children").read_text().split()
        cpu_s = memory_bytes = 0.0
        for pid in (str(master), *workers):
            fields = (PROC / pid / "stat").read_text().rpartition(")")[2].split()
            cpu_s += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
            pages = int((PROC / pid / "statm").read_text().split()[1])
            memory_bytes += pages * resource.getpagesize()
        yield Gauge("nginx_cpu_seconds", "CPU of nginx since its start.", cpu_s)
        yield Gauge("nginx_resident_bytes", "Memory of nginx.", memory_bytes)
