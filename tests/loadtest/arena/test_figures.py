"""Figures of the entry's containers, from the kernel's control groups of both versions."""

from dataclasses import replace
from pathlib import Path

import pytest

from loadtest.arena.figures import Figures, read_figures, services
from tests.loadtest.arena.inspected import containers, inspected

VERSION_1 = {
    "cpuacct/cpuacct.usage": "2500000000",
    "cpu/cpu.stat": "nr_periods 40\nnr_throttled 4\nthrottled_time 1500000000",
    "memory/memory.usage_in_bytes": "1000",
    "memory/memory.max_usage_in_bytes": "5000",
    "memory/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2",
}
VERSION_2 = {
    "unified/cpu.stat": "usage_usec 2500000\nnr_periods 40\nnr_throttled 4\nthrottled_usec 1500000",
    "unified/memory.current": "1000",
    "unified/memory.peak": "5000",
    "unified/memory.events": "low 0\nhigh 0\nmax 7\noom 2\noom_kill 2",
}
READ = Figures(
    pid=7,
    cpu_s=2.5,
    throttled_s=1.5,
    periods=40,
    throttled_periods=4,
    memory_peak_bytes=5000,
    memory_kills=2,
)


@pytest.mark.parametrize("files", [VERSION_1, VERSION_2], ids=["version 1", "version 2"])
def test_both_versions_of_control_groups_are_read(files: dict[str, str], tmp_path: Path) -> None:
    """CPU, throttled periods, peak memory and kills have the same meaning in both versions."""
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"{text}\n")
    groups = {folder.name: folder for folder in tmp_path.iterdir()}
    assert read_figures(groups, 7) == READ
    assert read_figures({}, 7) is None


def test_a_load_has_its_own_share_of_the_counts() -> None:
    """CPU and throttling are those of the load; peak and kills are those since the start."""
    before = replace(READ, cpu_s=0.5, throttled_s=1.0, periods=20, throttled_periods=3)
    (one,) = services(containers(inspected("api")), {"api": before}, {"api": READ}, 4.0)
    assert (one.cpu, one.throttled_s, one.throttled_share) == (0.5, 0.5, 0.05)
    assert (one.memory_peak_bytes, one.memory_kills) == (5000, 2)
    assert (one.cpus, one.memory_bytes, one.state) == (0.5, 60 << 20, "running")


def test_a_restarted_container_has_no_figures_of_the_load() -> None:
    """Counts that began again at 0 are not compared with those of before."""
    before = replace(READ, pid=6)
    (one,) = services(containers(inspected("api")), {"api": before}, {"api": READ}, 4.0)
    assert (one.cpu, one.throttled_share) == (None, None)
    (gone,) = services(containers(inspected("api", "exited", code=3)), {"api": READ}, {}, 4.0)
    assert (gone.cpu, gone.memory_peak_bytes, gone.state) == (None, None, "exited, code 3")
