"""The number of cores that this process may use, by its affinity and its control groups' quotas."""

import math
import os
from collections.abc import Iterator
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
OWN_GROUPS = Path("/proc/self/cgroup")

# While one instance restarts, another answers.
INSTANCES_AUTO_MIN = 2
# Every instance opens the one file, and only one writes at a time: more than these only wait.
INSTANCES_MAX = 16


def instances(cpus: float) -> int:
    """Returns the number of instances that INSTANCES=auto means for so many CPUs."""
    return min(max(math.ceil(cpus), INSTANCES_AUTO_MIN), INSTANCES_MAX)


def usable(groups: Path = GROUPS, own_groups: Path = OWN_GROUPS) -> float:
    """Returns the cores of the process's affinity, or the CPU of a quota that is smaller."""
    return min([float(len(os.sched_getaffinity(0))), *_quotas(groups, own_groups)])


def _quotas(groups: Path, own_groups: Path) -> Iterator[float]:
    """Yields the quota of each group that this process is in, in either version of the groups.

    A container sees its own group as the top.
    """
    try:
        lines = own_groups.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        top = groups / "cpu" if "cpu" in controllers.split(",") else groups
        if controllers and top == groups:
            continue
        own = top / path.lstrip("/")
        while True:
            quota = _quota(own)
            if quota is not None:
                yield quota
            if own in (top, own.parent):
                break
            own = own.parent


def _quota(group: Path) -> float | None:
    for names in (("cpu.max",), ("cpu.cfs_quota_us", "cpu.cfs_period_us")):
        try:
            text = " ".join((group / name).read_text() for name in names)
            quota_us, period_us = text.split()
            # "max", and -1 in the first version: no quota.
            return int(quota_us) / int(period_us) if int(quota_us) > 0 else None
        except (OSError, ValueError):
            continue
    return None
