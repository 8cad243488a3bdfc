"""The files of the stack are open to their owner alone: other users reach none of them."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.help.checkout import Checkout
from tests.help.other_users import NOBODY, open_to_others, paths_below, reached_by_nobody
from tests.help.running import ROOT, Client

ONLY_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
# svlogd gives its own files 0644, in folders of 0700.
LOGS = {f"log/{part}/current" for part in ("api01", "api02", "nginx")}


@pytest.fixture
def wide_umask() -> Iterator[None]:
    """Sets the widest umask during a test."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def shown(checkout: Checkout, wide_umask: None) -> Checkout:
    """A checkout that all users can enter, with the var/ of an older version."""
    checkout.folder.chmod(0o755)
    var = checkout.folder / "var"
    (var / "log" / "api01").mkdir(parents=True)
    # Not 0777: a var/ that all users may write is refused.
    var.chmod(0o755)
    for name in (
        "rinha.db.lock",
        "rinha.db.users",
        "rinha.db.follower",
        "stack.lock",
        "setup.lock",
    ):
        (var / name).touch()
    return checkout


def test_var_is_its_owners_alone(shown: Checkout) -> None:
    """Folders are 0700, files and sockets 0600, for any umask and any earlier mode."""
    var = shown.folder / "var"
    assert open_to_others(var), "the older version's"
    assert shown.stack("up")[0] == 0
    assert Client(shown.port).transact(1, 7, "d").status == 200
    found = {words.split()[0] for words in open_to_others(var)}
    assert found <= LOGS
    assert shown.stack("snapshot")[0] == 0
    assert open_to_others(shown.folder / "out") == []


@ONLY_ROOT
def test_nobody_reads_locks_or_asks(shown: Checkout) -> None:
    """The user nobody opens no file, takes no lock and gets no answer from an instance."""
    assert shown.stack("up")[0] == 0
    assert Client(shown.port).transact(1, 7, "d").status == 200
    paths = paths_below(shown.folder / "var")
    assert {"rinha.db", "rinha.db-wal", "rinha.db.lock", "api01.sock"} <= {p.name for p in paths}
    assert reached_by_nobody(paths) == []
    # The check works: the same tries succeed with wide modes.
    opened = [*paths, *paths[0].parents[:1]]
    modes = [path.stat().st_mode for path in opened]
    for path in opened:
        path.chmod(0o777)
    reached = reached_by_nobody(paths)
    for path, mode in zip(opened, modes, strict=True):
        path.chmod(mode)
    assert {"open rinha.db", "lock rinha.db.lock", "connect api01.sock"} <= set(reached)


def test_a_ledger_outside_var_is_its_owners_alone(shown: Checkout) -> None:
    """In a folder that others may enter, each file of the ledger is 0600, also after a restore."""
    data = shown.folder / "data"
    data.mkdir(mode=0o755)
    (data / "rinha.db.lock").touch(mode=0o666)
    ledger = str(data / "rinha.db")
    assert shown.stack("up", RINHA_LEDGER=ledger)[0] == 0
    assert Client(shown.port).transact(1, 7, "d").status == 200
    assert {"rinha.db", "rinha.db-wal", "rinha.db-shm"} <= {path.name for path in data.iterdir()}
    assert open_to_others(data) == [". 755"]
    if os.geteuid() == 0:
        assert reached_by_nobody([data, *data.iterdir()]) == ["open .", "lock ."]
    assert shown.stack(f"snapshot {data}/kept.db", RINHA_LEDGER=ledger)[0] == 0
    assert shown.stack("down")[0] == 0
    assert shown.stack(f"restore {data}/kept.db", RINHA_LEDGER=ledger)[0] == 0
    assert open_to_others(data) == [". 755"]
    with sqlite3.connect(f"file:{ledger}?mode=ro", uri=True) as restored:
        assert restored.execute("SELECT count(*) FROM transacoes").fetchone() == (1,)


@pytest.mark.usefixtures("wide_umask")
def test_an_instance_alone_is_its_owners_alone(tmp_path: Path) -> None:
    """`rinha` without the stack has the same umask."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "RINHA_LEDGER": "rinha.db"}
    words = [sys.executable, "-m", "rinha", "init"]
    subprocess.run(words, cwd=tmp_path, env=environment, check=True)
    assert (tmp_path / "rinha.db").exists()
    assert [words for words in open_to_others(tmp_path) if not words.startswith(". ")] == []


@ONLY_ROOT
def test_a_var_of_another_user_is_refused(checkout: Checkout) -> None:
    """A var/ of another user is refused: programs in it would run as this user."""
    (checkout.folder / "var").mkdir()
    os.chown(checkout.folder / "var", NOBODY, NOBODY)
    for command in ("up", "restore x.db"):
        code, text = checkout.stack(command)
        assert (code, text.count("\n")) == (2, 1)
        assert f"belongs to the user {NOBODY}" in text
