"""Watchdog of Litestream: logs when the replica falls behind or has caught up, and kills a
Litestream that is stopped or does not answer.

The watchdog only asks for the state and requests no action. Litestream ends with each request all
that it began for it. That includes the long read that keeps the WAL from being restarted; without
it the replica has gaps.
"""

import json
import logging
import os
import signal
import socket
import threading
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import quote

from rinha.logs import log_event
from rinha.replica.limits import (
    ANSWER_MAX_S,
    BEHIND_S,
    SILENT_MAX_S,
    STATUS_EVERY_S,
    STOPPED_CHECK_EVERY_S,
    UNSENT_MAX_BYTES,
)
from rinha.replica.replicate import LITESTREAM_PID, socket_of, unsent_bytes
from rinha.replica.state import SEE_LOG, State, file_of, write
from rinha.settings import LOG_REPEAT_S

STOPPED = ("T", "t")
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def run(ledger: Path, replica: str) -> None:
    """Watches until Litestream has ended, or until a SIGTERM or Ctrl-C, which Litestream passes on
    to this process."""
    watchdog = Watchdog(ledger, replica)
    threading.Thread(target=watchdog.keep_asking, daemon=True).start()
    for number in STOP_SIGNALS:
        signal.signal(number, _stop)
    try:
        while os.getppid() == watchdog.litestream:
            watchdog.check()
            time.sleep(STOPPED_CHECK_EVERY_S)
    except _StoppedError:
        watchdog.end()


class _StoppedError(Exception):
    """A signal came: Litestream is being stopped in order."""


def _stop(_number: int, _frame: FrameType | None) -> None:
    # It comes a second time if the whole group gets it, as from a terminal.
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise _StoppedError


class Progress:
    """Progress of the replication, from two times that Litestream reports: when it last began to
    read the WAL, and when it last had sent all that it read.

    They are by Litestream's own clock, so only a change of them counts."""

    def __init__(self, now: float) -> None:
        # The replica has all commits before this time, once `is_synced` is True.
        self.synced_at = now
        self.is_synced = False
        self._reads = self._sends = ""
        self._read_at: float | None = None
        self._asked_at = now

    def note(self, reads: str, sends: str, asked_at: float) -> None:
        if reads != self._reads and self._reads:
            # This read began after the previous request.
            self._read_at = self._read_at or self._asked_at
        if sends != self._sends and self._read_at is not None:
            self.synced_at, self._read_at, self.is_synced = self._read_at, None, True
        self._reads, self._sends, self._asked_at = reads, sends, asked_at


class Watchdog:
    def __init__(self, ledger: Path, replica: str) -> None:
        now = time.monotonic()
        self.litestream = int(os.environ[LITESTREAM_PID])
        self._ledger = ledger
        self._replica = replica
        self._progress = Progress(now)
        # Counted in calls of `check`, not in seconds: the machine, or this process, may be
        # suspended.
        self._checks_unanswered = 0
        self._reason = SEE_LOG
        self._start_is_logged = False
        self._behind_since: float | None = None
        self._logged_at = 0.0
        self._writing = threading.Lock()
        self._ended = False

    def keep_asking(self) -> None:
        while True:
            asked_at = time.monotonic()
            try:
                self._ask(asked_at)
                self._checks_unanswered = 0
            except (OSError, HTTPException, ValueError, LookupError) as error:
                self._reason = f"no answer from Litestream: {error}"
            self._write_state()
            time.sleep(STATUS_EVERY_S)

    def _ask(self, asked_at: float) -> None:
        path = quote(str(self._ledger.resolve()))
        (reading,) = self._get(f"/debug/sync-status?path={path}")["databases"]
        (sending,) = self._get("/list")["databases"]
        error = reading.get("error")
        self._reason = error or SEE_LOG
        reads = "" if error else str(reading.get("started_at", ""))
        self._progress.note(reads, str(sending.get("last_sync_at", "")), asked_at)

    def check(self) -> None:
        now = time.monotonic()
        if _state_of(self.litestream) in STOPPED:
            self._kill("it is stopped")
        self._checks_unanswered += 1
        if self._checks_unanswered * STOPPED_CHECK_EVERY_S > SILENT_MAX_S:
            self._kill("it does not answer")
        behind_s = now - self._progress.synced_at
        if behind_s > BEHIND_S:
            self._log_behind(behind_s, now)
        elif self._progress.is_synced and self._behind_since is not None:
            log_event(
                logging.INFO, "replica has caught up", after_s=round(now - self._behind_since, 1)
            )
            self._behind_since = None
        elif self._progress.is_synced and not self._start_is_logged:
            log_event(logging.INFO, "replicating", replica=self._replica)
            self._start_is_logged = True

    def _log_behind(self, behind_s: float, now: float) -> None:
        if self._behind_since is None:
            self._behind_since = self._progress.synced_at
        elif now - self._logged_at < LOG_REPEAT_S:
            return
        self._logged_at = now
        fields = {"behind_s": round(behind_s, 1), "reason": self._reason}
        log_event(logging.WARNING, "replica is behind", replica=self._replica, **fields)
        if unsent_bytes(self._ledger) > UNSENT_MAX_BYTES:
            self._kill("too many unsent changes on the ledger's disk")

    def _kill(self, reason: str) -> None:
        """Kills Litestream. Its supervisor starts it again."""
        log_event(logging.WARNING, "Litestream was killed", reason=reason)
        os.kill(self.litestream, signal.SIGKILL)
        raise SystemExit(1)

    def _get(self, path: str) -> Any:
        connection = _Connection(str(socket_of(self._ledger)))
        try:
            connection.request("GET", path)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def _write_state(self) -> None:
        now = time.monotonic()
        behind_s = now - self._progress.synced_at
        state = State(
            replica=self._replica,
            is_current=self._progress.is_synced and behind_s <= BEHIND_S,
            behind_s=round(behind_s, 1),
            reason=self._reason if behind_s > BEHIND_S else "it has just started",
            at_s=now,
        )
        with self._writing:
            if not self._ended:
                write(self._ledger, state)

    def end(self) -> None:
        """Removes the state file at a stop in order. No state is written after it."""
        with self._writing:
            self._ended = True
            file_of(self._ledger).unlink(missing_ok=True)


class _Connection(HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=ANSWER_MAX_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _state_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "X"
