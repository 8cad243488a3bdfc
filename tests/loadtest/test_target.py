"""Target processes, and the figures of their control groups."""

import json
import os
from pathlib import Path
from shutil import rmtree

import pytest

from loadtest.arena import free_port
from loadtest.measure.target import processes, usage
from loadtest.measure.target.containers import container_name, container_siblings
from loadtest.measure.target.usage import TICKS, Quota, TargetUsage, quota_of, read_groups

NGINX, API, OTHER = "a" * 64, "b" * 64, "c" * 64


def made_machine(folder: Path) -> tuple[Path, Path]:
    """Makes a /proc and engine files: a proxy, a project of two containers, a foreign container."""
    proc, notes = folder / "proc", folder / "containers"
    groups = {10: "/", 20: f"/docker/{NGINX}", 21: f"/docker/{NGINX}", 30: f"/docker/{API}"}
    groups[40] = f"/system.slice/docker-{OTHER}.scope"
    for pid, group in groups.items():
        (proc / str(pid)).mkdir(parents=True)
        (proc / str(pid) / "cgroup").write_text(f"0::{group}\n")
    words = ["/usr/bin/docker-proxy", "-host-port", "9999", "-container-ip", "172.18.0.2"]
    (proc / "10" / "cmdline").write_text("\0".join(words))
    for number, (container, project) in enumerate(
        [(NGINX, "rinha"), (API, "rinha"), (OTHER, "other")]
    ):
        (notes / container).mkdir(parents=True)
        note = {
            "Name": f"/{project}-{number}",
            "Config": {"Labels": {"com.docker.compose.project": project}},
            "NetworkSettings": {"Networks": {"n": {"IPAddress": f"172.18.0.{number + 2}"}}},
        }
        (notes / container / "config.v2.json").write_text(json.dumps(note))
    return proc, notes


def test_a_published_port_leads_to_the_whole_project(tmp_path: Path) -> None:
    """A published port leads to its container and that container's project, and to no others."""
    proc, notes = made_machine(tmp_path)
    assert container_siblings([10], proc, notes) == [20, 21, 30]
    assert container_siblings([21], proc, notes) == [20, 21, 30]
    assert container_name(NGINX, notes) == "rinha-0"


def test_without_the_engines_notes_every_container_is_shown(tmp_path: Path) -> None:
    """If the engine's files cannot be read, every container counts as the target."""
    proc, _ = made_machine(tmp_path)
    nowhere = tmp_path / "nowhere"
    assert container_siblings([10], proc, nowhere) == [20, 21, 30, 40]
    assert container_name(NGINX, nowhere) == NGINX[:12]


def test_plain_processes_are_no_containers(tmp_path: Path) -> None:
    """A listener outside containers that is no proxy has no container siblings."""
    proc, notes = made_machine(tmp_path)
    (proc / "10" / "cmdline").write_text("nginx\0-g\0daemon off;")
    assert container_siblings([10], proc, notes) == []


VERSION_2 = {
    "cpu.stat": "usage_usec 2500000\nnr_throttled 7\nthrottled_usec 400000\n",
    "memory.current": "52428800\n",
    "cpu.max": "40000 100000\n",
    "memory.max": "104857600\n",
}
VERSION_1 = {
    "cpuacct/cpuacct.usage": "2500000000\n",
    "cpu/cpu.stat": "nr_periods 90\nnr_throttled 7\nthrottled_time 400000000\n",
    "cpu/cpu.cfs_quota_us": "40000\n",
    "cpu/cpu.cfs_period_us": "100000\n",
    "memory/memory.usage_in_bytes": "52428800\n",
    "memory/memory.limit_in_bytes": "104857600\n",
}


def test_a_name_that_the_kernel_cut_within_a_letter_is_read() -> None:
    """The kernel keeps 15 bytes of a program's name: no UTF-8, if they end within a letter."""
    comm, pid = Path("/proc/self/comm"), os.getpid()
    before = comm.read_bytes()
    comm.write_bytes("servidor-padrão".encode()[:14])
    try:
        assert usage._program(pid) == free_port._program(pid) == "servidor-padr\ufffd"
        assert usage._read_processes([pid], {}).memory_bytes > 0
        assert processes._parents()[pid] == os.getppid()
    finally:
        comm.write_bytes(before)


@pytest.mark.parametrize(
    ("files", "folders"),
    [
        (VERSION_2, {"unified": "."}),
        (VERSION_1, {name: name for name in ("cpuacct", "cpu", "memory")}),
    ],
    ids=["version 2", "version 1"],
)
def test_control_groups_are_read(
    tmp_path: Path, files: dict[str, str], folders: dict[str, str]
) -> None:
    """CPU, memory, throttling and limits are read: from one directory, or from three in ns."""
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    groups = {name: tmp_path / folder for name, folder in folders.items()}
    reading = read_groups(groups, [])
    assert reading is not None
    assert (reading.cpu_s, reading.memory_bytes) == (2.5, 52_428_800)
    assert (reading.throttled_s, reading.throttled_periods) == (0.4, 7)
    assert quota_of(groups) == Quota(cpus=0.4, memory_bytes=104_857_600)


def test_a_process_that_ends_takes_no_cpu_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The CPU time of a target never falls, also when one of its processes ends."""
    first, second = 99_999_991, 99_999_992

    def write_stat(pid: int, seconds: int) -> None:
        (tmp_path / str(pid)).mkdir(exist_ok=True)
        ticks = f"{seconds * TICKS} 0"
        (tmp_path / str(pid) / "stat").write_text(f"{pid} (api) S {'0 ' * 10}{ticks} 0")
        (tmp_path / str(pid) / "statm").write_text("9 1 0")
        (tmp_path / str(pid) / "comm").write_text("api")

    monkeypatch.setattr("loadtest.measure.target.usage.PROC", tmp_path)
    monkeypatch.setattr(
        "loadtest.measure.target.usage.target_processes", lambda _port: [first, second]
    )
    for pid in (first, second):
        write_stat(pid, 100)
    usage = TargetUsage("127.0.0.1", 9999, 0)
    rmtree(tmp_path / str(second))
    usage.sample()
    write_stat(first, 101)
    usage.sample()
    ended, used = (sample.parts["api"].cpu for sample in usage.seen.samples)
    assert ended == 0
    assert used > 0
