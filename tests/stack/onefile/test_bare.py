"""The two executables on a system that has only a shell and a C library."""

import json
import re
from pathlib import Path

import pytest

from tests.stack.onefile.bare import BareRoot

# Each step prints its exit code. The judge exits with 4 if a busy machine kept it from measuring;
# that step is repeated.
STEPS = """
step() {
    for attempt in 1 2 3; do
        "$@"
        code=$?
        [ $code = 4 ] || break
    done
    echo "$1 $2: exit $code"
}
step ./rinha up
step ./rinha status
step ./loadtest check
step ./loadtest official --scale 0.05 --reset --json official.json --html official.html
step ./rinha check
step ./rinha sql "SELECT cliente, limite FROM saldos"
step ./rinha snapshot
step ./rinha stats
step ./rinha down
step ./rinha licences >licences
"""
CLOSED_STEPS = """
step() { "$@"; echo "$1 $2: exit $?"; }
(: >/x) 2>/dev/null || echo the root is read-only
step /work/rinha up
step /work/loadtest check
read -r supervisor <var/runsvdir.pid
kill -9 $supervisor
step /work/rinha status
step /work/rinha up
step /work/rinha check
step /work/rinha down
echo here: * var/service/*
"""


@pytest.fixture
def bare(tmp_path: Path, executables: dict[str, Path]) -> BareRoot:
    return BareRoot(tmp_path, executables)


def files(path: Path) -> set[str]:
    return {str(found.relative_to(path)) for found in path.rglob("*") if not found.is_dir()}


def test_both_run_where_there_is_a_shell_and_libc(bare: BareRoot) -> None:
    """Every command works with only a shell and libc; no process and no unexpected file is left."""
    before = files(bare.path)
    said = bare.run(STEPS)
    ends = re.findall(r"^(\S+ \S+): exit (\d+)$", said, re.MULTILINE)
    assert len(ends) == STEPS.count("\nstep ./") - 1
    assert {code for _, code in ends} == {"0"}
    assert "rinha is up: http://localhost:9999 (nginx, 2 instances, ledger var/rinha.db)" in said
    assert "./rinha check    ./rinha sql" in said
    assert "5|500000\n" in said
    assert re.findall("left: .*", said) == ["left: sh"]
    work = bare.path / "work"
    report = json.loads((work / "official.json").read_text())
    assert report["official"]["paid_usd"] == "100000.00"
    assert "<html" in (work / "official.html").read_text()
    left = {name.split("/")[1] for name in files(bare.path) - before}
    assert left == {"var", "out", "official.json", "official.html", "licences"}
    assert {path.name for path in (work / "var").glob("service*")} == set()
    assert "OpenSSL" in (work / "licences").read_text()


def test_an_ordinary_user_needs_one_place_to_write(bare: BareRoot) -> None:
    """An unknown user needs only one writable folder, on a read-only root and mounted noexec.

    A start clears what a killed supervisor left.
    """
    before = files(bare.path)
    said = bare.run_closed(CLOSED_STEPS)
    assert "the root is read-only" in said
    ends = re.findall(r"^\S+ (\S+): exit (\d+)$", said, re.MULTILINE)
    assert [code for verb, code in ends if verb != "status"] == ["0"] * 5
    assert "rinha is up already" not in said
    assert "every promise holds" in said
    assert "here: var var/service/*" in said
    assert re.findall("left: .*", said) == ["left: sh"]
    assert files(bare.path) == before
