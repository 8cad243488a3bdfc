"""CPU, memory and throttling of the target's processes or control groups, versions 1 and 2."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter_ns as clock_ns

from msgspec import Struct, field

from loadtest.measure.target.containers import PROC, container_name, container_of
from loadtest.measure.target.processes import is_local, target_processes

CGROUPS = Path("/sys/fs/cgroup")
TICKS = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Reading:
    """CPU totals and current memory of one part of the target."""

    cpu_s: float
    memory_bytes: int
    throttled_s: float = 0.0
    throttled_periods: int = 0


class Used(Struct):
    """CPU, memory and throttling of one part of the target since the previous sample."""

    cpu: float
    memory_bytes: int
    throttled_s: float
    throttled_periods: int


class Sample(Struct):
    """All parts at one moment on the time axis of the run."""

    second: float
    parts: dict[str, Used]


class Quota(Struct):
    """Limits of a part's CPU and memory, if it has any."""

    cpus: float | None = None
    memory_bytes: int | None = None


class Usage(Struct):
    """The target's samples, and its quotas by part."""

    samples: list[Sample] = field(default_factory=list)
    quotas: dict[str, Quota] = field(default_factory=dict)


class TargetUsage:
    """Samples the parts of the target; a target on another machine has none."""

    def __init__(self, host: str, port: int, start_ns: int) -> None:
        self._start_ns = start_ns
        self._last: dict[str, Reading] = {}
        # Of each process, also after its end: a sum of those alive would fall.
        self._ticks: dict[int, int] = {}
        self._last_ns = 0
        self._parts = _parts(target_processes(port)) if is_local(host) else {}
        quotas = {name: quota_of(groups) for name, (groups, _) in self._parts.items()}
        self.seen = Usage(quotas={name: one for name, one in quotas.items() if one != Quota()})
        self.sample()

    def sample(self) -> None:
        now_ns = clock_ns()
        parts = {}
        for name, (groups, pids) in self._parts.items():
            reading = read_groups(groups, pids) or _read_processes(pids, self._ticks)
            last = self._last.get(name)
            self._last[name] = reading
            if last is not None:
                passed_s = (now_ns - self._last_ns) / 1e9
                parts[name] = Used(
                    # A control group that ends in between takes its counts along.
                    cpu=round(max(reading.cpu_s - last.cpu_s, 0.0) / passed_s, 4),
                    memory_bytes=reading.memory_bytes,
                    throttled_s=round(max(reading.throttled_s - last.throttled_s, 0.0), 4),
                    throttled_periods=max(reading.throttled_periods - last.throttled_periods, 0),
                )
        self._last_ns = now_ns
        if parts:
            second = round((now_ns - self._start_ns) / 1e9, 2)
            self.seen.samples.append(Sample(second, parts))


def _parts(pids: list[int]) -> dict[str, tuple[dict[str, Path], list[int]]]:
    """Returns the target's processes by container or control group, else by program."""
    own = groups_of("self")
    parts: dict[str, tuple[dict[str, Path], list[int]]] = {}
    for pid in pids:
        groups = {name: path for name, path in groups_of(str(pid)).items() if own.get(name) != path}
        container = container_of(pid)
        name = container_name(container) if container else None
        name = name or next((path.name for path in groups.values()), None) or _program(pid)
        parts.setdefault(name, (groups, []))[1].append(pid)
    return parts


def groups_of(pid: str) -> dict[str, Path]:
    """Returns a process's control group directories by controller; version 2 has `unified`."""
    groups: dict[str, Path] = {}
    with suppress(OSError):
        for line in (PROC / pid / "cgroup").read_text(errors="replace").splitlines():
            _, controllers, path = line.split(":", 2)
            names = controllers.split(",") if controllers else ["unified"]
            for name in names:
                for root in (CGROUPS / name, CGROUPS / controllers, CGROUPS):
                    directory = root / path.lstrip("/")
                    if path != "/" and (directory / "cgroup.procs").exists():
                        groups.setdefault(name, directory)
    wanted = ("unified", "cpuacct", "cpu", "memory")
    return {name: groups[name] for name in wanted if name in groups}


def _program(pid: int) -> str:
    with suppress(OSError):
        return (PROC / str(pid) / "comm").read_text(errors="replace").strip()
    return str(pid)


def read_groups(groups: dict[str, Path], pids: list[int]) -> Reading | None:
    cpu = number_of(groups, "cpuacct", "cpuacct.usage")
    if cpu is not None:
        stat = fields_of(groups.get("cpu"), "cpu.stat")
        memory = number_of(groups, "memory", "memory.usage_in_bytes")
        cpu_s, throttled_s = cpu / 1e9, stat.get("throttled_time", 0) / 1e9
    else:
        stat = fields_of(groups.get("unified"), "cpu.stat")
        if "usage_usec" not in stat:
            return None
        memory = number_of(groups, "unified", "memory.current")
        cpu_s, throttled_s = stat["usage_usec"] / 1e6, stat.get("throttled_usec", 0) / 1e6
    if memory is None:
        memory = _read_processes(pids, {}).memory_bytes
    return Reading(cpu_s, memory, throttled_s, stat.get("nr_throttled", 0))


def _read_processes(pids: list[int], ticks: dict[int, int]) -> Reading:
    """Reads processes, and keeps the CPU time of each in `ticks`."""
    pages = 0
    for pid in pids:
        with suppress(OSError, ValueError):
            stat = (PROC / str(pid) / "stat").read_text(errors="replace")
            fields = stat.rpartition(")")[2].split()
            ticks[pid] = int(fields[11]) + int(fields[12])
            pages += int((PROC / str(pid) / "statm").read_text().split()[1])
    return Reading(sum(ticks.get(pid, 0) for pid in pids) / TICKS, pages * PAGE_BYTES)


def quota_of(groups: dict[str, Path]) -> Quota:
    found = Quota()
    quota = number_of(groups, "cpu", "cpu.cfs_quota_us")
    period = number_of(groups, "cpu", "cpu.cfs_period_us")
    if quota and period and quota > 0:
        found.cpus = quota / period
    with suppress(OSError, ValueError, KeyError):
        fields = (groups["unified"] / "cpu.max").read_text().split()
        found.cpus = int(fields[0]) / int(fields[1])
    memory = number_of(groups, "memory", "memory.limit_in_bytes") or number_of(
        groups, "unified", "memory.max"
    )
    if memory and memory < 1 << 60:
        found.memory_bytes = memory
    return found


def number_of(groups: dict[str, Path], controller: str, file: str) -> int | None:
    with suppress(OSError, ValueError, KeyError):
        return int((groups[controller] / file).read_text())
    return None


def fields_of(group: Path | None, file: str) -> dict[str, int]:
    if group is not None:
        with suppress(OSError, ValueError):
            lines = (group / file).read_text().splitlines()
            return {name: int(value) for name, value in (line.split() for line in lines)}
    return {}
