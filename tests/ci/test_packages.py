"""The two distributions: the ledger without the judge, and the judge without a compiler."""

import re
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from manual.__main__ import files
from onefile.packages import build_manual, build_package
from tests.help.commands import Ended, run
from tests.help.installed_wheels import lock_of_wheels, offline
from tests.help.running import ROOT
from tests.loadtest.conftest import Serve

VERSION = (ROOT / "VERSION").read_text().strip()
pytestmark = pytest.mark.starts
JUDGE = tomllib.loads((ROOT / "packages" / "loadtest" / "pyproject.toml").read_text())
LEDGER = tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """Wheel and sdist of each distribution."""
    work = tmp_path_factory.mktemp("packages")
    return {name: build_package(name, work, 0) for name in ("rinha", "rinha-loadtest")}


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_ledger_does_not_carry_the_judge(built: dict[str, list[Path]]) -> None:
    """The ledger's wheel has only `rinha`; its extra `loadtest` is the judge's distribution."""
    wheel, _ = built["rinha"]
    files = contents(wheel)
    about = f"rinha-{VERSION}.dist-info"
    assert {name.split("/")[0] for name in files} == {"rinha", about}
    assert b"loadtest" not in files[f"{about}/entry_points.txt"]
    metadata = files[f"{about}/METADATA"].decode()
    assert re.search('^Requires-Dist: rinha-loadtest ?; extra == "loadtest"', metadata, re.M)


def test_the_judge_needs_no_compiler(built: dict[str, list[Path]]) -> None:
    """The judge's wheel is for any machine, has only `loadtest` and its data, and one version."""
    wheel, sdist = built["rinha-loadtest"]
    assert wheel.name == f"rinha_loadtest-{VERSION}-py3-none-any.whl"
    assert sdist.name == f"rinha_loadtest-{VERSION}.tar.gz"
    files = contents(wheel)
    about, data = (f"rinha_loadtest-{VERSION}.{kind}" for kind in ("dist-info", "data"))
    assert {name.split("/")[0] for name in files} == {"loadtest", about, data}
    # Gatling's Maven compiles into "build".
    made = {"__pycache__", "build"}
    sources = (path for path in (ROOT / "loadtest").rglob("*") if not made & set(path.parts))
    wanted = {str(path.relative_to(ROOT)) for path in sources if path.is_file()}
    assert {name for name in files if name.startswith("loadtest/")} == wanted
    assert f"{about}/licenses/LICENSE" in files


def test_the_manual_is_packed_for_a_share_folder(tmp_path: Path) -> None:
    """The archive has each page and completion at its place, with one date, and readable by all."""
    with tarfile.open(build_manual(tmp_path, VERSION, 7)) as packed:
        members = packed.getmembers()
        page = packed.extractfile("man/man1/rinha.1")
        assert page
        assert page.read().decode() == files()["man/man1/rinha.1"]
    assert {member.name for member in members if member.isfile()} == set(files())
    assert {(member.mtime, member.uid, member.mode & 0o444) for member in members} == {
        (7, 0, 0o444)
    }


def test_both_distributions_agree() -> None:
    """Both have the same version, Pythons and build tools, and the lock is of the judge's needs."""
    for project in (LEDGER, JUDGE):
        assert project["project"]["dynamic"] == ["version"]
        assert project["tool"]["setuptools"]["dynamic"]["version"] == {"file": "VERSION"}
    assert (ROOT / "packages" / "loadtest" / "VERSION").read_text().strip() == VERSION
    for table, key in (("project", "requires-python"), ("build-system", "requires")):
        assert LEDGER[table][key] == JUDGE[table][key]
    assert JUDGE["project"]["dependencies"] == LEDGER["dependency-groups"]["loadtest"]


def test_a_clone_builds_the_judge_without_its_manual() -> None:
    """The data files are patterns: setuptools fails on a name that a clone does not have."""
    assert all("*" in name for [name] in JUDGE["tool"]["setuptools"]["data-files"].values())


@pytest.mark.slow
def test_the_sdist_builds_the_same_wheel(built: dict[str, list[Path]], tmp_path: Path) -> None:
    """A wheel that is built from the sdist has the same files as ours."""
    for wheel, sdist in built.values():
        words = ("wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index")
        done = run(
            *(sys.executable, "-m", "pip", "--disable-pip-version-check", *words),
            *("--wheel-dir", tmp_path, sdist),
        )
        assert done.code == 0, done.text
        again, first = contents(tmp_path / wheel.name), contents(wheel)
        assert again.keys() == first.keys()
        code = [name for name in first if ".dist-info/" not in name]
        assert [again[name] for name in code] == [first[name] for name in code]


class Installed:
    """A fresh environment with one package and what it needs, made offline, without a compiler."""

    def __init__(self, folder: Path, package: Path) -> None:
        self.folder, wheels = folder, folder / "wheels"
        wheels.mkdir()
        for name in ("build.txt", "loadtest.txt"):
            lock_of_wheels(ROOT / "locks" / name, wheels)
        self.bin = folder / "venv" / "bin"
        assert run(sys.executable, "-m", "venv", folder / "venv").code == 0
        env = {**offline(wheels), "CC": "false", "PATH": str(self.bin)}
        quiet = ("--quiet", "--disable-pip-version-check")
        pip = (self.bin / "python", "-m", "pip", "install", *quiet)
        # pip gets the dependencies by the package's own metadata.
        tools = run(*pip, "--upgrade", "setuptools", env=env)
        done = run(*pip, "--no-build-isolation", package, env=env)
        assert (tools.code, done.code) == (0, 0), tools.text + done.text

    def run(self, *words: str | Path) -> Ended:
        return run(self.bin / words[0], *words[1:], cwd=self.folder, env={"PATH": str(self.bin)})


@pytest.mark.slow
@pytest.mark.parametrize("kind", [0, 1], ids=["wheel", "sdist"])
def test_the_judge_runs_in_a_fresh_environment(
    kind: int, built: dict[str, list[Path]], tmp_path: Path, serve: Serve
) -> None:
    """The judge is installed by pip without a compiler, and judges an entry with all its files."""
    installed = Installed(tmp_path, built["rinha-loadtest"][kind])
    for words in (("loadtest",), ("rinha-loadtest",), ("python", "-m", "loadtest")):
        done = installed.run(*words, "--help")
        assert done.code == 0, done.text
        assert "loadtest official" in done.out
    share = installed.bin.parent / "share"
    assert "rinha\\-loadtest" in (share / "man/man1/loadtest.1").read_text()
    assert "rinha-loadtest" in (share / "bash-completion/completions/loadtest").read_text()
    page = tmp_path / "page.html"
    done = installed.run("loadtest", "check", f"127.0.0.1:{serve()}", "--html", page)
    assert done.code == 0, done.text
    assert done.out.startswith("PASS")
    assert "<style>" in page.read_text()
