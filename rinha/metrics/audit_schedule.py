"""Scheduled audits, beside the load, by one instance for all."""

import fcntl
import logging
import os
import subprocess
import sys
import tempfile
import time
from typing import IO

from rinha.logs import log_event
from rinha.metrics.file_names import audit_lock_file
from rinha.metrics.limits import AUDIT_NICENESS, AUDIT_OUTPUT_MAX_BYTES
from rinha.metrics.meter import Meter
from rinha.orphan import PARENT_PID
from rinha.private import open_lock_file
from rinha.settings import Settings

# Exit codes of `rinha check`: sound, or a broken rule. With others it could not read the ledger, or
# was killed.
VERDICTS = (0, 1)


class AuditSchedule:
    """Runs `rinha check` on a schedule, as a process with the lowest priority."""

    def __init__(self, meter: Meter, settings: Settings) -> None:
        self._meter = meter
        self._every_s = settings.audit_every_s
        self._lock_file = audit_lock_file(settings)
        self._lock_fd = -1
        self._next_at = time.monotonic()
        self._process: subprocess.Popen[bytes] | None = None
        self._output: IO[bytes] | None = None

    def look(self) -> None:
        """Starts an audit that is due, or records one that has ended; called once a second. An
        instance holds the lock of the audit until it ends, in any way."""
        if self._every_s is None:
            return
        if self._process is not None:
            self._look_at(self._process)
        elif time.monotonic() >= self._next_at and self._holds_lock():
            self._start(self._every_s)

    def _start(self, every_s: float) -> None:
        """Starts an audit. If that fails, it is tried again a second later."""
        if self._output is None:
            self._output = tempfile.TemporaryFile()  # noqa: SIM115 - open until the instance ends
        self._output.seek(0)
        self._output.truncate()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "rinha", "check"],
            stdout=self._output,
            stderr=self._output,
            env={**os.environ, PARENT_PID: str(os.getpid())},
        )
        self._began_at = time.monotonic()
        self._next_at = self._began_at + every_s
        os.setpriority(os.PRIO_PROCESS, self._process.pid, AUDIT_NICENESS)

    def end(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()

    def _look_at(self, process: subprocess.Popen[bytes]) -> None:
        code = process.poll()
        if code is None:
            return
        self._process = None
        if code in VERDICTS:
            took_us = round((time.monotonic() - self._began_at) * 1e6)
            self._meter.set("audit_ok", to=int(code == 0))
            self._meter.set("audit_seconds", to=took_us)
            self._meter.set("audit_time_seconds", to=time.time_ns() // 1000)
        if code and self._output:
            self._output.seek(0)
            output = self._output.read()[-AUDIT_OUTPUT_MAX_BYTES:].decode(errors="replace")
            event = "the audit failed" if code in VERDICTS else "the audit could not run"
            log_event(logging.ERROR, event, exit_code=code, output=output)

    def _holds_lock(self) -> bool:
        if self._lock_fd < 0:
            self._lock_fd = open_lock_file(self._lock_file)
        try:
            fcntl.flock(self._lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
