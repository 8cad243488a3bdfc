"""Control groups of both versions, made and removed."""

import os
from pathlib import Path

import pytest

from bench.parts.cgroups import ControlGroups

# What the kernel shows of a process in no group, and of one that somebody put into one.
FREE = "4:memory:/\n1:cpu,cpuacct:/\n"
KEPT = "4:memory:/somebody/else\n1:cpu,cpuacct:/\n"


@pytest.fixture
def own_groups(tmp_path: Path) -> Path:
    path = tmp_path / "own"
    path.write_text(FREE)
    return path


def version_1(folder: Path) -> Path:
    for controller in ("cpu", "memory"):
        (folder / controller).mkdir()
    return folder


def written(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_version_1_is_given_quota_and_memory(tmp_path: Path, own_groups: Path) -> None:
    """Half a CPU is half of Docker's period; a megabyte is a million bytes."""
    groups = ControlGroups(version_1(tmp_path), own_groups)
    entrance = groups.entrance("api01", 0.5, 250)
    assert groups.remark == ""
    (cpu,) = (tmp_path / "cpu").glob("rinha-bench-*/api01")
    (memory,) = (tmp_path / "memory").glob("rinha-bench-*/api01")
    assert written(cpu) == {"cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": "50000"}
    assert written(memory) == {"memory.limit_in_bytes": "250000000"}
    assert all(str(group / "cgroup.procs") in " ".join(entrance) for group in (cpu, memory))


def test_version_2_is_given_quota_and_memory(tmp_path: Path, own_groups: Path) -> None:
    """The same in one tree, whose controllers are handed down."""
    (tmp_path / "cgroup.controllers").write_text("cpu memory")
    (tmp_path / "cgroup.subtree_control").write_text("cpu memory")
    groups = ControlGroups(tmp_path, own_groups)
    groups.entrance("api01", 0.5, 250)
    assert groups.remark == ""
    (group,) = tmp_path.glob("rinha-bench-*/api01")
    assert written(group) == {"cpu.max": "50000 100000", "memory.max": "250000000"}


def test_a_group_of_somebody_else_is_not_left(tmp_path: Path, own_groups: Path) -> None:
    """A count that somebody keeps of this process goes on; the run says what has no limit."""
    own_groups.write_text(KEPT)
    groups = ControlGroups(version_1(tmp_path), own_groups)
    groups.entrance("api01", 0.5, 250)
    assert list((tmp_path / "cpu").iterdir())
    assert not list((tmp_path / "memory").iterdir())
    assert "memory was measured but not limited" in groups.remark


def test_without_control_groups_a_command_starts_as_it_is(tmp_path: Path, own_groups: Path) -> None:
    """And the run says what that means."""
    groups = ControlGroups(tmp_path, own_groups)
    assert groups.entrance("api01", 0.5, 250) == []
    assert "cpu was measured but not limited" in groups.remark


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make control groups")
def test_nothing_is_left_behind() -> None:
    """The groups go with the run."""
    groups = ControlGroups()
    groups.entrance("api01", 0.5, 250)
    groups.remove()
    root = Path("/sys/fs/cgroup")
    assert not [
        *root.glob(f"rinha-bench-{os.getpid()}"),
        *root.glob(f"*/rinha-bench-{os.getpid()}"),
    ]
