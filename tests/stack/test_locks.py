"""The locks install the same versions later, and an incomplete lock is named."""

import re
import shutil
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from locks.check import complaints
from tests.help.commands import assert_refused, run
from tests.help.invented_packages import LOCKS, NEWER, PIN, wheel
from tests.help.running import ROOT

HASHES = re.compile(r"( \\\n    --hash=sha256:[0-9a-f]{64})+")


def assert_named(folder: Path, *names: str) -> None:
    """Asserts that the first complaint, which the lint prints, has these names."""
    said = next(complaints(folder), "").lower().replace("_", "-")
    assert all(name in said for name in names), said


def test_every_lock_is_closed(tmp_path: Path) -> None:
    """Each dependency of a pinned distribution, extras included, is pinned in the same file."""
    check = (sys.executable, ROOT / "locks" / "check.py")
    assert run(*check).code == 0
    shutil.copytree(ROOT / "locks", tmp_path, dirs_exist_ok=True)
    (tmp_path / "lock.txt").write_text("")
    code, _, err = run(*check, tmp_path)
    said = "locks are incomplete: lock.txt: the uv needs uv, which is not pinned there\n"
    assert (code, err) == (1, said)


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """A copy of the locks, in which a test makes a fault."""
    return Path(shutil.copytree(ROOT / "locks", tmp_path / "locks"))


@pytest.mark.parametrize("name", LOCKS)
def test_a_lost_pin_is_named(planted: Path, name: str) -> None:
    """A lock that has lost a needed pin is named together with that pin."""
    text = (planted / name).read_text()
    for pin in PIN.finditer(text):
        end = re.compile(HASHES.pattern + "\n").search(text, pin.start())
        assert end
        (planted / name).write_text(text[: pin.start()] + text[end.end() :])
        if re.search("== '(win32|nt)'", text[pin.end() : end.start()]):
            assert [*complaints(planted)] == []
        else:
            assert_named(planted, name, pin["name"])


# Only `make profile` installs the package of profile.txt.
@pytest.mark.parametrize("name", [name for name in LOCKS if name != "profile.txt"])
def test_a_newer_release_in_a_lock_is_named(planted: Path, name: str) -> None:
    """A version that differs from the installed one, or from another lock, is named."""
    text = (planted / name).read_text()
    pin = next(PIN.finditer(text))
    (planted / name).write_text(text.replace(pin["version"], NEWER, 1))
    assert_named(planted, name, pin["name"], NEWER)


@pytest.mark.parametrize(
    ("name", "extra"), [("dev.txt", "coverage[toml]"), ("bench.txt", "psycopg[binary]")]
)
def test_a_lost_extra_is_named(planted: Path, name: str, extra: str) -> None:
    """A pin without its extra is named: an installer would ask the index again."""
    text = (planted / name).read_text()
    assert extra in text
    (planted / name).write_text(text.replace(extra, extra.partition("[")[0]))
    assert_named(planted, name, extra)


@pytest.mark.parametrize("name", LOCKS)
def test_a_lost_hash_is_named(planted: Path, name: str) -> None:
    """A pin without a hash is named: an installer would take any file of an index."""
    text = (planted / name).read_text()
    (planted / name).write_text(HASHES.sub("", text, count=1))
    assert_named(planted, name, next(PIN.finditer(text))["name"])


@pytest.fixture
def index(planted: Path, tmp_path: Path) -> dict[str, str]:
    """pip's variables for an index with the pinned release and a newer one of each package. The
    locks have the hashes of these invented packages."""
    folder = tmp_path / "index"
    folder.mkdir()
    for name in LOCKS:
        text = (planted / name).read_text()
        for pin in PIN.finditer(text):
            made = wheel(folder, pin["name"], pin["version"])
            wheel(folder, pin["name"], NEWER)
            at = HASHES.search(text, text.index(pin[0]))
            assert at
            text = f"{text[: at.start()]} --hash=sha256:{made}{text[at.end() :]}"
        (planted / name).write_text(text)
    return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder)}


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    assert run(sys.executable, "-m", "venv", tmp_path / "venv").code == 0
    return tmp_path / "venv"


@pytest.mark.slow
def test_newer_releases_change_nothing(planted: Path, index: dict[str, str], venv: Path) -> None:
    """The set-up installs the locked versions, even if the index has newer ones."""
    pip = (venv / "bin" / "python", "-m", "pip")
    # Without the locks pip takes the newer release.
    assert f"coverage-{NEWER}" in run(*pip, "install", "--dry-run", "coverage[toml]", env=index).out
    locks = [planted / name for name in LOCKS]
    code, _, err = run(ROOT / "stack" / "install.sh", venv, *locks, env=index)
    assert (code, err) == (0, "")
    listed = run(*pip, "list", "--format=freeze").out
    found = {line.lower().replace("_", "-") for line in listed.splitlines()}
    wanted = set()
    for lock in locks:
        for line in lock.read_text().splitlines():
            requirement = Requirement(line.split(" --hash")[0])
            if requirement.marker is None or requirement.marker.evaluate():
                wanted.add(f"{requirement.name.lower()}{requirement.specifier}")
    assert wanted
    assert wanted <= found
    assert not any(NEWER in line for line in found)


@pytest.mark.slow
def test_an_open_lock_is_not_installed(planted: Path, index: dict[str, str], venv: Path) -> None:
    """The set-up fails with one line if a lock lacks a pin or has a wrong hash."""
    lock = planted / "loadtest.txt"
    whole = lock.read_text()
    for fault, named in (
        (re.sub("(mdurl==.*sha256:).", r"\1x", whole), "loadtest.txt"),
        (re.sub("(mdurl==.*sha256:).*", rf"\g<1>{'0' * 64}", whole), "mdurl"),
        (re.sub("mdurl==.*\n", "", whole), "mdurl"),
    ):
        lock.write_text(fault)
        assert_refused(run(ROOT / "stack" / "install.sh", venv, lock, env=index), named, code=1)
