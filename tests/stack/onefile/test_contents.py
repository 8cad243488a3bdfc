"""The files that `make dist` writes, and their contents."""

import hashlib
import json
import re
import subprocess
import venv
import zipfile
from pathlib import Path

import pytest

from tests.help.checkout import Checkout
from tests.help.commands import assert_refused
from tests.help.commands import run as run_command
from tests.help.running import ROOT
from tests.stack.onefile.conftest import VERSION

DIST = ROOT / "dist"
PYTHON = ROOT / "build" / "venv" / "bin" / "python"
GLIBC_MAX = (2, 34)
SIZES_MAX = {"rinha": 25_000_000, "loadtest": 17_000_000}
COPY_OUT = """
import _carried, pathlib, sys
for number, name in enumerate(_carried.names()):
    content = pathlib.Path(f"/proc/self/fd/{_carried.open(name)}").read_bytes()
    pathlib.Path(sys.argv[1], f"{number}-{name.replace('/', '-')}").write_bytes(content)
"""


def run(*words: str | Path, **environment: str) -> str:
    done = run_command(*words, env=environment)
    assert done.code == 0, done.text
    return done.out


@pytest.mark.parametrize("name", ["rinha", "loadtest"])
def test_no_machine_code_asks_for_a_newer_c_library(
    name: str, executables: dict[str, Path], tmp_path: Path
) -> None:
    """No machine code needs more than glibc 2.34: it runs on Debian 12, Ubuntu 22.04 and newer."""
    run(executables[name], "-c", COPY_OUT, tmp_path)
    carried = list(tmp_path.iterdir())
    assert len(carried) > 10
    for path in (executables[name], *carried):
        asked = re.findall(r"GLIBC_(\d+)\.(\d+)", run("objdump", "-T", path))
        newest = max(((int(major), int(minor)) for major, minor in asked), default=(0, 0))
        assert newest <= GLIBC_MAX, path
        assert newest == GLIBC_MAX or path != executables[name], "nothing is looked at"


@pytest.mark.parametrize("name", ["rinha", "loadtest"])
def test_it_says_what_it_carries(name: str, executables: dict[str, Path]) -> None:
    """The bill of materials has each pinned package and Debian part; `licences` lists them too."""
    executable = executables[name]
    assert executable.stat().st_size <= SIZES_MAX[name]
    bom = json.loads(executable.with_name(f"{executable.name}.cdx.json").read_text())
    digest = hashlib.sha256(executable.read_bytes()).hexdigest()
    assert bom["metadata"]["component"]["hashes"] == [{"alg": "SHA-256", "content": digest}]
    parts = {part["name"]: part["version"] for part in bom["components"]}
    locks = {"rinha": ["ops.txt", "loadtest.txt"], "loadtest": ["loadtest.txt"]}[name]
    texts = "".join((ROOT / "locks" / lock).read_text() for lock in locks)
    pinned = re.findall(r"^([\w-]+)==([^ ]+)", texts, re.MULTILINE)
    debian = {"libpython3.11-dev", "libexpat1-dev", "zlib1g-dev"}
    debian |= {"nginx", "runit", "libssl3", "libpcre2-8-0"} if name == "rinha" else set()
    assert dict(pinned).items() <= parts.items()
    assert debian <= set(parts)
    assert ("uplot" in parts) == (name == "rinha")
    licences = run(executable, "licences")
    assert all(f"{part} {version}" in licences for part, version in parts.items())


def test_the_checksums_are_those_of_the_files() -> None:
    """SHA256SUMS has the checksum of each file that was written."""
    lines = (DIST / "SHA256SUMS").read_text().splitlines()
    assert len(lines) == 9
    for line in lines:
        digest, name = line.split("  ")
        assert hashlib.sha256((DIST / name).read_bytes()).hexdigest() == digest


def test_another_build_makes_the_same_bytes(tmp_path: Path) -> None:
    """A build in another folder makes the same bytes, packages included."""
    other = Checkout(tmp_path)
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "venv").symlink_to(ROOT / "build" / "venv")
    date = run("git", "-C", ROOT, "log", "-1", "--format=%ct").strip()
    done = subprocess.run(
        ["env", f"SOURCE_DATE_EPOCH={date}", other.folder / "onefile" / "dist.sh"], check=False
    )
    assert done.returncode == 0
    again = (tmp_path / "dist" / "SHA256SUMS").read_text()
    assert again == (DIST / "SHA256SUMS").read_text()


@pytest.mark.parametrize("suffix", ["-py3-none-any.whl", ".tar.gz"])
def test_the_packages_install_both_commands(tmp_path: Path, suffix: str) -> None:
    """The packages install their commands and data: schema, style, Gatling's project."""
    words = ("--quiet", "--no-deps", "--no-build-isolation", "--target", tmp_path / "site")
    packages = [DIST / f"{name}-{VERSION}{suffix}" for name in ("rinha", "rinha_loadtest")]
    run(PYTHON, "-m", "pip", "install", *words, *packages)
    environment = {"PYTHONPATH": str(tmp_path / "site"), "RINHA_LEDGER": str(tmp_path / "a.db")}
    rinha, loadtest = (tmp_path / "site" / "bin" / name for name in ("rinha", "loadtest"))
    assert run(rinha, "init", **environment).endswith("is ready\n")
    assert "every promise holds" in run(rinha, "check", **environment)
    assert "official" in run(loadtest, "--help", **environment)
    kept = {
        str(path.relative_to(tmp_path / "site"))
        for path in (tmp_path / "site").rglob("*")
        if path.suffix not in (".py", ".pyc") and path.is_file()
    }
    assert {
        "rinha/crebitos/schema.sql",
        "loadtest/report/page.css",
        "loadtest/gatling/pom.xml",
        "loadtest/gatling/conf/gatling.conf",
        "loadtest/crebitos/Crebitos.scala",
    } <= kept


def test_without_its_packages_the_judge_names_its_distribution(tmp_path: Path) -> None:
    """A judge without the packages that it needs names the distribution that brings them."""
    with zipfile.ZipFile(DIST / f"rinha_loadtest-{VERSION}-py3-none-any.whl") as wheel:
        wheel.extractall(tmp_path)
    venv.create(tmp_path / "bare", with_pip=False)
    python = tmp_path / "bare" / "bin" / "python"
    assert_refused(
        run_command(python, "-m", "loadtest", "check", cwd=tmp_path),
        "pip install rinha-loadtest",
        code=1,
    )
