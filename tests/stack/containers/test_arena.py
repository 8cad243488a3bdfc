"""Ten broken entries on a real engine: `loadtest arena` names what is wrong with each."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from msgspec import UNSET

from tests.loadtest.command import ROOT, Ran, loadtest

ENTRIES = ROOT / "tests" / "loadtest" / "arena" / "entries"
IMAGE = "rinha-arena-entry"
REHEARSAL = ("--scale", "0.02")
# The arena's 40 s, pauses between the questions, and both removals; a run adds its own time.
NOT_READY_MAX_S = 90.0
RUN_MAX_S = 300.0


class Broken(NamedTuple):
    """Texts that a report must have among its reasons, and the first of all."""

    first: str
    others: tuple[str, ...] = ()
    is_ready: bool = False


BROKEN = {
    "memory": Broken("api01 was killed for memory", ("the limit is 40 MB",)),
    "crash": Broken("exited with code 1"),
    "port": Broken("nginx has to listen on 9998, which is published as 9999, but listens on 9999"),
    "never_ready": Broken("the balancer asks api01 on port 8080, but it listens on no port"),
    "no_limits": Broken("limit", is_ready=True),
    "slow": Broken("slow: ", is_ready=True),
    "half_dead": Broken("api02 exited with code 3", is_ready=True),
    "image": Broken("image rinha-arena-no-such-image:1 cannot be had"),
    "unhealthy": Broken("api01 is unhealthy", ("no /health", "nginx was never started")),
    "torn": Broken("", ("torn statement",), is_ready=True),
}


@pytest.fixture(scope="module", autouse=True)
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The image of all entries, so that no build counts as time of a start."""
    folder = tmp_path_factory.mktemp("image")
    for name in ("loadtest/entry_server.py", "loadtest/ledger_server.py", "help/certificates.py"):
        target = folder / "tests" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "tests" / name, target)
    shutil.copy(ENTRIES / "Dockerfile", folder)
    subprocess.run(["docker", "build", "--tag", IMAGE, str(folder)], check=True)
    yield
    subprocess.run(["docker", "image", "rm", "--force", IMAGE], check=True)


def arena(name: str, folder: Path, *words: str) -> Ran:
    return loadtest("arena", ENTRIES / name, *REHEARSAL, *words, folder=folder, timeout_s=RUN_MAX_S)


def left_over() -> list[str]:
    """Returns the names of containers, volumes and networks that an arena run has left."""
    found = []
    for words in (["ps", "--all", "--format", "{{.Names}}"], ["volume", "ls"], ["network", "ls"]):
        done = subprocess.run(["docker", *words], capture_output=True, text=True, check=True)
        found += [line for line in done.stdout.splitlines() if "loadtest-arena" in line]
    return found


def test_a_right_entry_passes(tmp_path: Path) -> None:
    """An entry that keeps every rule passes, with the figures of each of its services."""
    ran = arena("right", tmp_path)
    # On a busy machine the generator may be late, and the run is not valid then.
    assert ran.code in {0, 4}, ran.out
    found = ran.report.arena
    assert found is not UNSET
    assert found.ready_s is not None
    assert [service.name for service in found.services] == ["api01", "api02", "nginx"]
    api = found.services[0]
    assert (api.cpus, api.memory_bytes) == (0.6, 100 * 1024 * 1024)
    assert api.cpu is not None
    assert api.cpu > 0
    assert api.memory_peak_bytes is not None
    assert api.throttled_share is not None
    assert not left_over()


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_entry_is_named_rightly(name: str, tmp_path: Path) -> None:
    """Each broken entry fails, its cause comes first, and nothing of it is left."""
    began_s, expected = time.monotonic(), BROKEN[name]
    ran = arena(name, tmp_path)
    took_s = time.monotonic() - began_s
    # Slowness proves nothing on a machine that has no time for the generator either.
    assert ran.code == 1 or (name, ran.code) == ("slow", 4), ran.out
    assert expected.first in ran.reasons.splitlines()[0], ran.out
    for text in expected.others:
        assert text in ran.reasons, ran.out
    found = ran.report.arena
    assert found is not UNSET
    assert (found.ready_s is not None) == expected.is_ready
    assert expected.is_ready or took_s < NOT_READY_MAX_S
    assert not left_over()


def test_ctrl_c_leaves_nothing() -> None:
    """Ctrl-C while an entry starts, and another one at once, still remove all of it."""
    command = [sys.executable, "-m", "loadtest", "arena", str(ENTRIES / "never_ready")]
    running = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, start_new_session=True)
    assert running.stderr is not None
    while b"starting" not in (line := running.stderr.readline()):
        assert line
    deadline_s = time.monotonic() + NOT_READY_MAX_S
    while not left_over():
        assert time.monotonic() < deadline_s
    os.killpg(running.pid, signal.SIGINT)
    os.killpg(running.pid, signal.SIGINT)
    assert running.wait(NOT_READY_MAX_S) == 130
    assert not left_over()
