"""Each error is one sentence, and no process is left running."""

import os
import re
import socket
from pathlib import Path

import pytest

from tests.help.running import ROOT
from tests.stack.onefile.bare import BareRoot
from tests.stack.onefile.started import OneFile

# Replaces the proposed port, which depends on the machine.
FREE = "FREE"
MEMFD_NOEXEC = Path("/proc/sys/vm/memfd_noexec")


def test_a_port_in_use_is_said(onefile: OneFile) -> None:
    """A port in use gives the command to type instead, with the name of this file."""
    with socket.create_server(("", onefile.port)):
        code, said = onefile.run("up")
    hint = f"stop what listens there, or PORT={FREE} OPS_PORT={onefile.ops_port}"
    expected = f"rinha: port {onefile.port} is in use: {hint} {onefile.executable} up\n"
    assert (code, re.sub(r"PORT=88\d\d\b", f"PORT={FREE}", said)) == (2, expected)
    code, said = onefile.run("up", OPS_PORT=str(onefile.port))
    assert (code, f"PORT and OPS_PORT are both {onefile.port}" in said) == (2, True)
    assert onefile.processes() == {}


def test_what_needs_a_stack_says_how_to_start_one(onefile: OneFile) -> None:
    """The hints name this file and not make."""
    hint = f"rinha: nothing runs: `{onefile.executable} up` first\n"
    assert onefile.run("reset") == (2, hint)
    assert onefile.run("stats") == (2, hint)
    assert onefile.run("watch") == (2, hint)
    assert onefile.run("status") == (3, "rinha is not up\n")


def test_every_verb_is_in_the_help(onefile: OneFile) -> None:
    """The help has each verb of make, of the service, and `licences`; other verbs are refused."""
    makefile = (ROOT / "Makefile").read_text()
    verbs = re.findall(r"^([a-z]+):.*\n\t@\$\(STACK\)", makefile, re.MULTILINE)
    assert len(verbs) > 8
    code, said = onefile.run("--help")
    assert code == 0
    for verb in (*verbs, "watch", "init", "serve", "licences"):
        assert re.search(rf"^    {verb} ", said, re.MULTILINE), verb
    code, said = onefile.run("nonsense")
    assert (code, "invalid choice: 'nonsense'" in said) == (2, True)


def test_a_file_that_was_moved_away_is_missed(onefile: OneFile) -> None:
    """`status` reports that the executable is gone: its processes cannot be started again."""
    moved = onefile.folder / "moved"
    moved.write_bytes(onefile.executable.read_bytes())
    moved.chmod(0o755)
    carried, onefile.executable = onefile.executable, moved
    assert onefile.run("up")[0] == 0
    moved.unlink()
    onefile.executable = carried
    assert f"{moved} was moved or removed" in onefile.run("status")[1]


@pytest.fixture
def bare(tmp_path: Path, executables: dict[str, Path]) -> BareRoot:
    return BareRoot(tmp_path, executables)


def test_a_place_that_may_not_be_written_is_said(bare: BareRoot) -> None:
    """A folder that cannot be written is named, and no file goes elsewhere."""
    said = bare.run_closed("cd /work; ./rinha up; ./rinha down")
    refused = "rinha: var: Read-only file system; the stack keeps all its files in /work/var\n"
    assert said == f"{refused * 2}left: sh\n"
    said = bare.run_as_stranger("./rinha up")
    assert said == f"{refused.replace('Read-only file system', 'Permission denied')}left: sh\n"


def test_a_full_disk_is_said(bare: BareRoot) -> None:
    """A full disk gives one line and leaves no process."""
    for size in ("4k", "64k", "900k"):
        said = bare.run_closed("/work/rinha up", size=size)
        place = "the stack keeps all its files in /data/var"
        assert said == f"rinha: No space left on device; {place}\nleft: sh\n"


def test_a_system_without_proc_is_said(bare: BareRoot) -> None:
    """A system without /proc is refused: /proc is the way to a file in memory."""
    said = bare.run_without_proc("./rinha up; ./loadtest --help")
    hint = "cannot run without /proc, which is not mounted: mount -t proc proc /proc\n"
    assert said == f"rinha: {hint}loadtest: {hint}"


def test_a_kernel_that_runs_nothing_from_memory_is_said(bare: BareRoot) -> None:
    """A kernel with vm.memfd_noexec=2, as hardened systems set it, is named as the cause."""
    assert MEMFD_NOEXEC.exists(), f"it takes Linux 6.3, this is {os.uname().release}"
    said = bare.run("echo 2 >/proc/sys/vm/memfd_noexec; ./rinha up; ./loadtest --help")
    for line, name in zip(said.splitlines(), ("rinha", "loadtest"), strict=False):
        assert line.startswith(f"{name}: ")
        assert "cannot be run from memory: Permission denied; a kernel with vm.memfd_noexec" in line
    assert said.count("\n") == 3
