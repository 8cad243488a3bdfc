"""Litestream's own SQLite is checked before use, and the replica's state is reported as it is."""

import json
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import apsw
import pytest

from rinha import settings
from rinha.crebitos.on_sqlite import SqliteLedger, open_store
from rinha.errors import ReplicaError
from rinha.sqlite import litestream, replica_state
from rinha.sqlite.follow import LITESTREAM_PID
from rinha.sqlite.limits import REPLICA_LOOK_S, REPLICA_SILENT_MAX_S
from rinha.sqlite.replica_state import State, told, write
from rinha.sqlite.watch import Progress, Watcher

# A fake Litestream that restores the file beside it.
OTHER = f"""#!{sys.executable}
import shutil, sys
if sys.argv[1] == "restore":
    shutil.copy(__file__ + ".db", sys.argv[3])
"""


@pytest.fixture
def other(tmp_path: Path) -> Path:
    program = tmp_path / "litestream"
    program.write_text(OTHER)
    program.chmod(0o755)
    connection = apsw.Connection(str(tmp_path / "litestream.db"))
    connection.execute("CREATE TABLE x (a)")
    connection.close()
    return program


@pytest.mark.parametrize(
    ("version", "is_fine"),
    [(3051002, False), (3050004, False), (3051003, True), (3053000, True), (3050007, True)],
)
def test_an_sqlite_that_can_corrupt_is_refused(other: Path, version: int, is_fine: bool) -> None:
    """Litestream is judged by the SQLite version that it writes into a file."""
    file = other.with_name("litestream.db")
    content = bytearray(file.read_bytes())
    content[96:100] = struct.pack(">I", version)
    file.write_bytes(content)
    if is_fine:
        litestream.assert_mended(str(other))
    else:
        with pytest.raises(ReplicaError, match=r"SQLite 3\.5[01]\.[24], which can corrupt"):
            litestream.assert_mended(str(other))


def test_the_one_of_the_set_up_is_mended() -> None:
    """The release that locks/replica.txt pins is accepted."""
    litestream.assert_mended(litestream.program())


def test_one_that_does_not_work_is_told(other: Path) -> None:
    """A Litestream that fails is reported with its last line."""
    other.write_text("#!/bin/sh\necho 'Error: out of order' >&2\nexit 1\n")
    with pytest.raises(ReplicaError, match="does not work: out of order"):
        litestream.assert_mended(str(other))


def test_none_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A missing Litestream gives an error that says how to install it."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ReplicaError, match="make up installs it"):
        litestream.program()


def test_a_copy_is_as_new_as_the_read_that_was_sent() -> None:
    """The replica is as new as the start of the last read that was sent, and not newer."""
    progress = Progress(0.0)
    progress.note("r1", "s1", 1.0)
    assert not progress.is_synced
    progress.note("r2", "s1", 2.0)
    assert not progress.is_synced, "read, but not sent"
    progress.note("r3", "s1", 3.0)
    progress.note("r3", "s2", 4.0)
    assert (progress.is_synced, progress.synced_at) == (True, 1.0)
    progress.note("r3", "s3", 5.0)
    assert progress.synced_at == 1.0, "sent, but nothing was read"


@pytest.mark.parametrize(
    ("state", "ago_s", "sentence"),
    [
        ({"follows": True, "behind_s": 0.4}, 0, "follows, 0.4 s behind at most"),
        ({"follows": False, "behind_s": 63}, 0, "is 63 s behind: no space left"),
        ({"follows": True, "behind_s": 0.4}, 60, "does not follow: Litestream does not run"),
        (None, 0, "does not follow: Litestream has not begun"),
    ],
)
def test_the_state_is_told_in_a_sentence(
    tmp_path: Path, state: dict[str, object] | None, ago_s: float, sentence: str
) -> None:
    """The state is one sentence; an old state means that Litestream does not run."""
    if state:
        whole = {"replica": "file:///there", "reason": "no space left", **state}
        whole |= {"at_s": time.monotonic() - ago_s, "boot": replica_state.boot_id()}
        (tmp_path / "rinha.db.replica.state").write_text(json.dumps(whole))
    is_fine, said = told(tmp_path / "rinha.db", "file:///there")
    assert is_fine == ("follows," in sentence)
    assert said.startswith("the copy at file:///there ")
    assert sentence in said


def test_no_copy_is_no_trouble(tmp_path: Path) -> None:
    """A missing replica is no error if RINHA_REPLICA is not set."""
    assert told(tmp_path / "rinha.db", "") == (
        True,
        "no copy follows the ledger: RINHA_REPLICA is not set",
    )


@pytest.mark.parametrize(
    ("ago_s", "boot", "behind_s"),
    [(0, "", 3), (60, "", 63), (-1000, "", 0), (60, "another", 0), (None, "", 0)],
)
def test_what_a_lost_disk_would_take_is_counted(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ago_s: float | None,
    boot: str,
    behind_s: float,
) -> None:
    """The gauge of the lag grows while no process writes the state.

    Without a state of this boot it grows from the start of the instance.
    """
    ledger = tmp_path / "rinha.db"
    if ago_s is not None:
        with monkeypatch.context() as earlier:
            if boot:
                earlier.setattr(replica_state, "boot_id", lambda: boot)
            write(ledger, State("file:///there", True, 3, "", time.monotonic() - ago_s))
    replicated = {"RINHA_LEDGER": str(ledger), "RINHA_REPLICA": "file:///there"}
    engine = open_store(settings.load(replicated), create=True).engine

    def found() -> list[float]:
        levels = list(engine.gauges())
        return [one.value for one in levels if one.name == "replica_behind_seconds"]

    before = found()
    assert [round(value) for value in before] == [behind_s]
    assert found() > before
    engine.close()


def test_without_a_copy_nothing_is_behind(tmp_path: Path) -> None:
    """Without RINHA_REPLICA there is no gauge of the lag, even if an old state file exists."""
    ledger = tmp_path / "rinha.db"
    write(ledger, State("file:///there", True, 3, "", time.monotonic()))
    engine = SqliteLedger(ledger, synchronous="NORMAL", lock_wait_s=1).engine
    assert "replica_behind_seconds" not in [level.name for level in engine.gauges()]
    engine.close()


def test_a_pause_of_the_machine_is_no_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The watch kills a silent Litestream only after it has watched it without a pause."""
    silent = subprocess.Popen(["sleep", "60"])
    monkeypatch.setenv(LITESTREAM_PID, str(silent.pid))
    watcher = Watcher(tmp_path / "rinha.db", "file:///copy")
    paused_until_s = time.monotonic() + 10 * REPLICA_SILENT_MAX_S
    monkeypatch.setattr(time, "monotonic", lambda: paused_until_s)
    watcher.look()
    assert silent.poll() is None
    for _ in range(int(REPLICA_SILENT_MAX_S / REPLICA_LOOK_S) - 1):
        watcher.look()
    with pytest.raises(SystemExit):
        watcher.look()
    assert silent.wait() == -signal.SIGKILL
