"""Litestream's own SQLite is checked before use, and the replica's state is reported as it is."""

import json
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from rinha.errors import ReplicaError
from rinha.metrics.routes import gauges_of
from rinha.replica import litestream, state
from rinha.replica.limits import SILENT_MAX_S, STOPPED_CHECK_EVERY_S
from rinha.replica.replicate import LITESTREAM_PID
from rinha.replica.state import State, describe, file_of, write
from rinha.replica.watchdog import Progress, Watchdog, run
from rinha.settings import load

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


@pytest.mark.starts
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
        litestream.assert_sqlite_is_sound(str(other))
    else:
        with pytest.raises(ReplicaError, match=r"SQLite 3\.5[01]\.[24], which can corrupt"):
            litestream.assert_sqlite_is_sound(str(other))


@pytest.mark.starts
@pytest.mark.needs("litestream")
def test_the_pinned_release_is_accepted() -> None:
    """The release that locks/replica.txt pins is accepted."""
    litestream.assert_sqlite_is_sound(litestream.program())


@pytest.mark.starts
def test_a_broken_one_is_reported(other: Path) -> None:
    """A Litestream that fails is reported with its last line."""
    other.write_text("#!/bin/sh\necho 'Error: out of order' >&2\nexit 1\n")
    with pytest.raises(ReplicaError, match="does not work: out of order"):
        litestream.assert_sqlite_is_sound(str(other))


def test_a_missing_one_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
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
    ("fields", "ago_s", "sentence"),
    [
        ({"is_current": True, "behind_s": 0.4}, 0, "is up to date, at most 0.4 s behind"),
        ({"is_current": False, "behind_s": 63}, 0, "is 63 s behind: no space left"),
        ({"is_current": True, "behind_s": 0.4}, 60, "is not written: Litestream does not run"),
        (None, 0, "is not written: Litestream is starting"),
    ],
)
def test_the_state_is_told_in_a_sentence(
    tmp_path: Path, fields: dict[str, object] | None, ago_s: float, sentence: str
) -> None:
    """The state is one sentence; an old state means that Litestream does not run."""
    if fields:
        whole = {"replica": "file:///there", "reason": "no space left", **fields}
        whole |= {"at_s": time.monotonic() - ago_s, "boot": state.boot_id()}
        (tmp_path / "rinha.db.replica.state").write_text(json.dumps(whole))
    is_fine, said = describe(tmp_path / "rinha.db", "file:///there")
    assert is_fine == ("up to date" in sentence)
    assert said.startswith("the replica at file:///there ")
    assert sentence in said


def test_no_replica_is_no_error(tmp_path: Path) -> None:
    """A missing replica is no error if RINHA_REPLICA is not set."""
    assert describe(tmp_path / "rinha.db", "") == (
        True,
        "the ledger is not replicated: RINHA_REPLICA is not set",
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
                earlier.setattr(state, "boot_id", lambda: boot)
            write(ledger, State("file:///there", True, 3, "", time.monotonic() - ago_s))
    settings = load({"RINHA_LEDGER": str(ledger), "RINHA_REPLICA": "file:///there"})
    started_at = time.monotonic()

    def found() -> list[float]:
        gauges = gauges_of(settings, started_at)
        return [gauge.value for gauge in gauges if gauge.name == "replica_behind_seconds"]

    before = found()
    assert [round(value) for value in before] == [behind_s]
    assert found() > before


def test_without_a_replica_nothing_is_behind(tmp_path: Path) -> None:
    """Without RINHA_REPLICA there is no gauge of the lag, even if an old state file exists."""
    ledger = tmp_path / "rinha.db"
    write(ledger, State("file:///there", True, 3, "", time.monotonic()))
    gauges = gauges_of(load({"RINHA_LEDGER": str(ledger)}), time.monotonic())
    assert "replica_behind_seconds" not in [gauge.name for gauge in gauges]


@pytest.fixture
def _handlers() -> Iterator[None]:
    """Puts the handlers of signals back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("_handlers")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_that_comes_twice_leaves_no_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    """A terminal or a supervisor may stop the whole group, and Litestream passes its signal on: no
    error, and no state that would call Litestream missing."""
    ledger = tmp_path / "rinha.db"
    monkeypatch.setenv(LITESTREAM_PID, str(os.getppid()))
    monkeypatch.setattr(Watchdog, "keep_asking", Watchdog._write_state)
    monkeypatch.setattr(Watchdog, "check", lambda _self: signal.raise_signal(number))
    end = Watchdog.end

    def end_late(watchdog: Watchdog) -> None:
        signal.raise_signal(number)
        end(watchdog)

    monkeypatch.setattr(Watchdog, "end", end_late)
    run(ledger, "file:///there")
    assert not file_of(ledger).exists()


def test_a_pause_of_the_machine_is_no_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The watch kills a silent Litestream only after it has watched it without a pause."""
    silent = subprocess.Popen(["sleep", "60"])
    monkeypatch.setenv(LITESTREAM_PID, str(silent.pid))
    watchdog = Watchdog(tmp_path / "rinha.db", "file:///copy")
    paused_until_s = time.monotonic() + 10 * SILENT_MAX_S
    monkeypatch.setattr(time, "monotonic", lambda: paused_until_s)
    watchdog.check()
    assert silent.poll() is None
    for _ in range(int(SILENT_MAX_S / STOPPED_CHECK_EVERY_S) - 1):
        watchdog.check()
    with pytest.raises(SystemExit):
        watchdog.check()
    assert silent.wait() == -signal.SIGKILL
