"""CPU and memory of processes and of the machine, from /proc."""

import resource
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from stack.usage import TICKS, seconds, stat_of

PROC = Path("/proc")
# Parent of every kernel thread.
KERNEL_PID = 2
# CPUs used by programs outside the benchmark, or taken by the hypervisor. More than this distorts
# the figures. Readings of /proc are off by about 0.05.
OTHERS_CPUS_MAX = 0.15
STOLEN_CPUS_MAX = 0.05
# With less idle CPU, contender and generator compete for it.
IDLE_CPUS_MIN = 0.05


class Usage(NamedTuple):
    cpu_s: float
    memory_bytes: int


def _process_tree(pid: int) -> list[int]:
    children = defaultdict(list)
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                children[int(stat_of(entry.name)[1])].append(int(entry.name))
    found = [pid]
    for one in found:
        found += children[one]
    return found


def usage_of(pid: int) -> Usage:
    """Returns CPU and memory of a process and all its descendants, with the CPU of ended children;
    shared memory counts once."""
    cpu_s, memory_bytes = 0.0, 0
    for one in _process_tree(pid):
        with suppress(OSError):
            cpu_s += seconds(stat_of(one)[11:15])
            for line in (PROC / str(one) / "smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    memory_bytes += int(line.split()[1]) * 1024
    return Usage(cpu_s, memory_bytes)


class MachineUsage:
    """CPU of the whole machine since this object was made."""

    def __init__(self) -> None:
        self._start = self._now()

    def figures(self, stack_cpu_s: float = 0.0) -> dict[str, float]:
        """Returns the CPUs used by other programs, taken by the hypervisor, and idle. Without
        `stack_cpu_s` the stack counts as an ended child of this process."""
        passed_s, busy_s, stolen_s, idle_s, own_s = (
            now - start for now, start in zip(self._now(), self._start, strict=True)
        )
        return {
            "others_cpus": (busy_s - own_s - stack_cpu_s) / passed_s,
            "stolen_cpus": stolen_s / passed_s,
            "idle_cpus": idle_s / passed_s,
        }

    def _now(self) -> tuple[float, ...]:
        user, nice, system, idle, iowait, irq, softirq, stolen = (
            int(ticks) / TICKS for ticks in (PROC / "stat").read_text().split(maxsplit=9)[1:9]
        )
        # The load generator is an ended child by now.
        own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        own_s = sum(usage.ru_utime + usage.ru_stime for usage in own)
        # Kernel threads write back the data of the stack.
        own_s += usage_of(KERNEL_PID).cpu_s
        busy_s = user + nice + system + irq + softirq
        return time.monotonic(), busy_s, stolen, idle + iowait, own_s


def why_thrown_out(
    generator_invalid: Sequence[str], figures: dict[str, float], *, limited: bool
) -> str | None:
    """Returns the reason to throw the figures out, or None.

    Without limits a contender may use all CPU, so missing idle CPU is then no reason.
    """
    if generator_invalid:
        return f"the generator was the limit: {'; '.join(generator_invalid)}"
    if figures["others_cpus"] > OTHERS_CPUS_MAX:
        return f"other programs used {figures['others_cpus']:.2f} of a core"
    if figures["stolen_cpus"] > STOLEN_CPUS_MAX:
        return f"the hypervisor took {figures['stolen_cpus']:.2f} of a core"
    if limited and figures["idle_cpus"] < IDLE_CPUS_MIN:
        return "the machine had no CPU left"
    return None
