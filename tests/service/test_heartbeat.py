"""A failed heartbeat or audit is logged, and the next one still runs."""

import errno
import fcntl
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rinha.metrics import heartbeat
from rinha.metrics.audit_schedule import AuditSchedule
from rinha.metrics.counts import read_all
from rinha.metrics.heartbeat import heartbeats
from rinha.metrics.meter import Meter
from rinha.orphan import PARENT_PID
from rinha.settings import load
from tests.help.commands import wait_until
from tests.help.running import ROOT

FAILURES = 6


class DoneAtOnce:
    """A process that has already ended, in place of an audit's."""

    pid = 0

    def __init__(self, *_: object, **__: object) -> None:
        self.pid = os.getpid()

    def poll(self) -> int:
        return 0

    def kill(self) -> None: ...

    def wait(self) -> None: ...


def failing(number: int, then: Callable[..., Any]) -> Callable[..., Any]:
    """Returns a function that raises OSError(number) several times, and then calls `then`."""
    left = [FAILURES]

    def call(*args: Any, **kwargs: Any) -> Any:
        left[0] -= 1
        if left[0] >= 0:
            raise OSError(number, os.strerror(number))
        return then(*args, **kwargs)

    return call


FAULTS: dict[str, tuple[object, str, int, Callable[..., Any]]] = {
    "no process": (subprocess, "Popen", errno.EAGAIN, DoneAtOnce),
    "no temporary file": (tempfile, "TemporaryFile", errno.ENOSPC, tempfile.TemporaryFile),
    "no descriptor for the audit's lock": (os, "open", errno.EMFILE, os.open),
    "no lock for the audit": (fcntl, "flock", errno.ENOLCK, fcntl.flock),
    "no priority": (os, "setpriority", errno.ESRCH, lambda *_: None),
    "no descriptor for the memory": (Path, "read_text", errno.EMFILE, Path.read_text),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_ends_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fault: str,
) -> None:
    """A fault is logged; heartbeats go on beside it, and audits after it."""
    settings = load({"RINHA_LEDGER": f"{tmp_path}/rinha.db", "RINHA_AUDIT_EVERY": "1s"})
    monkeypatch.setattr(subprocess, "Popen", DoneAtOnce)
    monkeypatch.setattr(os, "setpriority", lambda *_: None)
    monkeypatch.setattr(heartbeat, "HEARTBEAT_EVERY_S", 0.01)
    monkeypatch.setattr(logging.getLogger("rinha"), "propagate", True)
    meter = Meter(tmp_path / "api01.counts", [], lambda: None)
    where, name, number, then = FAULTS[fault]

    def noted() -> dict[str, int]:
        (counts,) = read_all(tmp_path).values()
        return {key[0]: value for key, value in counts.items() if len(key) == 1}

    with monkeypatch.context() as faulty:
        faulty.setattr(where, name, failing(number, then))
        with heartbeats(meter, settings):
            wait_until(lambda: any(record.exc_info for record in caplog.records))
            beat_before = noted()["beat_time_seconds"]
            wait_until(lambda: all_is_noted(noted(), beat_before))


def all_is_noted(counts: dict[str, int], beat_before: int) -> bool:
    names = ("audit_time_seconds", "process_resident_bytes")
    return all(counts[name] for name in names) and counts["beat_time_seconds"] > beat_before


def test_an_audit_ends_with_its_instance() -> None:
    """An audit does not outlive an instance, which may end at once: it would keep a restore off."""
    child = "import time; from rinha.orphan import end_with_parent as end; end(); time.sleep(600)"
    script = f'{PARENT_PID}=$$ "$0" -c "{child}" & sleep 0.5'
    # It returns when both have closed their output.
    subprocess.run(
        ["sh", "-c", script, sys.executable], cwd=ROOT, capture_output=True, check=True, timeout=60
    )


def test_a_scheduled_audit_knows_its_instance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An audit is told the instance with which it ends."""
    settings = load({"RINHA_LEDGER": f"{tmp_path}/rinha.db", "RINHA_AUDIT_EVERY": "6h"})
    told: list[str] = []

    def start(*_: object, env: dict[str, str], **__: object) -> DoneAtOnce:
        told.append(env[PARENT_PID])
        return DoneAtOnce()

    monkeypatch.setattr(subprocess, "Popen", start)
    monkeypatch.setattr(os, "setpriority", lambda *_: None)
    AuditSchedule(Meter(tmp_path / "api01.counts", [], lambda: None), settings).look()
    assert told == [str(os.getpid())]


@pytest.mark.parametrize("code", [2, -9])
def test_an_audit_without_a_verdict_is_no_broken_rule(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    code: int,
) -> None:
    """An audit that was killed, or could not open the ledger, is logged, and raises no alert about
    a broken rule."""
    settings = load({"RINHA_LEDGER": f"{tmp_path}/rinha.db", "RINHA_AUDIT_EVERY": "6h"})
    monkeypatch.setattr(DoneAtOnce, "poll", lambda _self: code)
    monkeypatch.setattr(subprocess, "Popen", DoneAtOnce)
    monkeypatch.setattr(os, "setpriority", lambda *_: None)
    monkeypatch.setattr(logging.getLogger("rinha"), "propagate", True)
    meter = Meter(tmp_path / "api01.counts", [], lambda: None)
    meter.set("audit_ok", to=1)
    audits = AuditSchedule(meter, settings)
    audits.look()
    audits.look()
    assert [record.getMessage() for record in caplog.records] == ["the audit could not run"]
    (counts,) = read_all(tmp_path).values()
    assert (counts["audit_ok",], counts["audit_time_seconds",]) == (1, 0)
