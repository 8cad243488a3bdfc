"""Control groups of both versions are made and removed."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from stack.run.limits import CONTROL_GROUPS, ControlGroups

# /proc/self/cgroup of a process in no group, and of one that another program keeps in a group.
FREE = "4:memory:/\n1:cpu,cpuacct:/\n"
KEPT = "4:memory:/another/program\n1:cpu,cpuacct:/\n"


@pytest.fixture
def own_groups(tmp_path: Path) -> Path:
    path = tmp_path / "own"
    path.write_text(FREE)
    return path


def version_1(folder: Path) -> Path:
    for controller in ("cpu", "memory"):
        (folder / controller).mkdir()
    return folder


def version_2(folder: Path) -> Path:
    for file in ("cgroup.controllers", "cgroup.subtree_control"):
        (folder / file).write_text("cpu memory")
    return folder


VALUES_1 = {"cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": "50000"}
VALUES_1 |= {"memory.limit_in_bytes": "250000000"}
VALUES_2 = {"cpu.max": "50000 100000", "memory.max": "250000000"}


@pytest.mark.parametrize(("tree", "values"), [(version_1, VALUES_1), (version_2, VALUES_2)])
def test_a_group_has_quota_and_memory(
    tree: Callable[[Path], Path], values: dict[str, str], tmp_path: Path, own_groups: Path
) -> None:
    """Half a CPU is half of Docker's period; a megabyte is a million bytes."""
    groups = ControlGroups(tree(tmp_path), own_groups)
    prefix = " ".join(groups.command_prefix("api01", 0.5, 250))
    assert groups.remark == ""
    made = [*tmp_path.rglob("rinha-*/api01")]
    assert all(str(group / "cgroup.procs") in prefix for group in made)
    assert {path.name: path.read_text() for group in made for path in group.iterdir()} == values


def test_a_process_stays_in_the_group_of_another_program(tmp_path: Path, own_groups: Path) -> None:
    """The accounting of that program goes on; the run says which limit does not hold."""
    own_groups.write_text(KEPT)
    groups = ControlGroups(version_1(tmp_path), own_groups)
    groups.command_prefix("api01", 0.5, 250)
    assert list((tmp_path / "cpu").iterdir())
    assert not list((tmp_path / "memory").iterdir())
    assert "memory was measured but not limited" in groups.remark


def test_without_control_groups_a_command_has_no_prefix(tmp_path: Path, own_groups: Path) -> None:
    """The run says which limits do not hold."""
    groups = ControlGroups(tmp_path, own_groups)
    assert groups.command_prefix("api01", 0.5, 250) == []
    assert "cpu was measured but not limited" in groups.remark


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make control groups")
def test_nothing_is_left_behind() -> None:
    """The groups are removed with the run."""
    groups = ControlGroups()
    groups.command_prefix("api01", 0.5, 250)
    groups.remove()
    name = f"rinha-{os.getpid()}"
    assert not [path for pattern in (name, f"*/{name}") for path in CONTROL_GROUPS.glob(pattern)]
