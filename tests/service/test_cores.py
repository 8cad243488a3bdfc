"""INSTANCES=auto follows the cores that the stack may use: by affinity and by quota."""

import os
from pathlib import Path

import pytest

from rinha import cores
from rinha.settings import load


def groups(top: Path, files: dict[str, str]) -> Path:
    """Writes a tree of control groups."""
    for name, text in files.items():
        path = top / "groups" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return top / "groups"


@pytest.mark.parametrize(
    ("files", "own", "usable"),
    [
        ({}, "0::/\n", 8.0),
        ({"cpu.max": "150000 100000\n"}, "0::/\n", 1.5),
        ({"cpu.max": "max 100000\n"}, "0::/\n", 8.0),
        # The smallest quota on the way to the top counts.
        ({"a/cpu.max": "300000 100000\n", "a/b/cpu.max": "max 100000\n"}, "0::/a/b\n", 3.0),
        ({"a/cpu.max": "300000 100000\n", "a/b/cpu.max": "200000 100000\n"}, "0::/a/b\n", 2.0),
        # The first version of control groups.
        (
            {"cpu/x/cpu.cfs_quota_us": "49000\n", "cpu/x/cpu.cfs_period_us": "100000\n"},
            "4:cpu,cpuacct:/x\n3:memory:/\n",
            0.49,
        ),
        (
            {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"},
            "4:cpu,cpuacct:/\n",
            8.0,
        ),
        # A container of the first version is named by a path that it does not see.
        (
            {"cpu/cpu.cfs_quota_us": "49000\n", "cpu/cpu.cfs_period_us": "100000\n"},
            "4:cpu,cpuacct:/docker/f00\n",
            0.49,
        ),
        # More than the affinity is no gain.
        ({"cpu.max": "1600000 100000\n"}, "0::/\n", 8.0),
    ],
)
def test_usable_cores_are_the_least_of_affinity_and_quotas(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    files: dict[str, str],
    own: str,
    usable: float,
) -> None:
    """The smallest quota counts if it is below the affinity; without any, the affinity does."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    own_groups = tmp_path / "own"
    own_groups.write_text(own)
    assert cores.usable(groups(tmp_path, files), own_groups) == usable


def test_the_affinity_counts_without_control_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A system without control groups has the cores of the process's affinity."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3, 5})
    assert cores.usable(tmp_path / "none", tmp_path / "no file") == 3


@pytest.mark.parametrize(
    ("cpus", "instances"), [(0.49, 2), (1, 2), (1.5, 2), (2, 2), (2.5, 3), (4, 4), (64, 16)]
)
def test_auto_is_an_instance_for_each_core_and_at_least_two(
    monkeypatch: pytest.MonkeyPatch, cpus: float, instances: int
) -> None:
    """A part of a core counts as one; one instance would leave a gap while it restarts."""
    monkeypatch.setattr(cores, "usable", lambda: cpus)
    assert load({"INSTANCES": "auto"}).instances == instances
    assert load({"INSTANCES": "AUTO"}).instances == instances
