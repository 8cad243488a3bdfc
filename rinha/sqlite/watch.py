"""Watches Litestream from beside it: has it sync every second, tells the log when the copy falls
behind and when it follows again, and ends a Litestream that stands still.

What it knows is in a file, for `make status`; its times are the machine's since it was started,
which no setting of the clock changes.
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
from typing import Any

from rinha.logs import tell
from rinha.settings import LOG_REPEAT_S
from rinha.sqlite.follow import socket_of, waiting_bytes
from rinha.sqlite.limits import (
    REPLICA_ANSWER_MAX_S,
    REPLICA_BEHIND_S,
    REPLICA_LOOK_S,
    REPLICA_SYNC_S,
    REPLICA_WAITING_MAX_BYTES,
)
from rinha.sqlite.lock import use

STOPPED = ("T", "t")


def watch(ledger: Path, replica: str) -> None:
    """Until Litestream is gone."""
    in_use = use(ledger)
    watcher = Watcher(ledger, replica)
    threading.Thread(target=watcher.keep_syncing, daemon=True).start()
    while os.getppid() == watcher.litestream:
        watcher.look()
        time.sleep(REPLICA_LOOK_S)
    os.close(in_use)


class Watcher:
    def __init__(self, ledger: Path, replica: str) -> None:
        self.litestream = os.getppid()
        self._ledger = ledger
        self._state = Path(f"{ledger.name}.replica.state")
        self._replica = replica
        # What was committed before then is in the copy. Nothing is known of what was before.
        self._synced_at = self._answered_at = time.monotonic()
        self._is_synced = False
        self._reason = "it has only begun"
        self._was_told = False
        self._behind_since: float | None = None
        self._told_at = 0.0

    def keep_syncing(self) -> None:
        while True:
            began_at = time.monotonic()
            try:
                trouble = self._sync()
            except (OSError, HTTPException) as error:
                trouble = f"no answer from Litestream: {error}"
            else:
                self._answered_at = time.monotonic()
            if trouble:
                self._reason = trouble
            else:
                self._synced_at, self._is_synced = began_at, True
            time.sleep(max(0.0, began_at + REPLICA_SYNC_S - time.monotonic()))

    def look(self) -> None:
        now = time.monotonic()
        if _state_of(self.litestream) in STOPPED:
            self._end("it stands still")
        if now - self._answered_at > 2 * REPLICA_ANSWER_MAX_S:
            self._end("it does not answer")
        behind_s = now - self._synced_at
        if behind_s > REPLICA_BEHIND_S:
            self._tell_behind(behind_s, now)
        elif self._is_synced and self._behind_since is not None:
            tell(logging.INFO, "the copy follows again", after_s=round(now - self._behind_since, 1))
            self._behind_since = None
        elif self._is_synced and not self._was_told:
            tell(logging.INFO, "the copy follows", replica=self._replica)
            self._was_told = True
        self._write_state(now, behind_s)

    def _tell_behind(self, behind_s: float, now: float) -> None:
        if self._behind_since is None:
            self._behind_since = self._synced_at
        elif now - self._told_at < LOG_REPEAT_S:
            return
        self._told_at = now
        fields = {"behind_s": round(behind_s, 1), "reason": self._reason}
        tell(logging.WARNING, "the copy is behind", replica=self._replica, **fields)
        if waiting_bytes(self._ledger) > REPLICA_WAITING_MAX_BYTES:
            self._end("too much waits on the ledger's disk")

    def _end(self, reason: str) -> None:
        """Whoever supervises it begins it anew."""
        tell(logging.WARNING, "Litestream was ended", reason=reason)
        os.kill(self.litestream, signal.SIGKILL)
        raise SystemExit(1)

    def _sync(self) -> str | None:
        """What keeps it from being done, if anything."""
        connection = _Connection(str(socket_of(self._ledger)))
        body = {"path": str(self._ledger), "wait": True, "timeout": int(REPLICA_ANSWER_MAX_S)}
        connection.request("POST", "/sync", json.dumps(body))
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return None if answer.status == 200 else _error_in(text)

    def _write_state(self, now: float, behind_s: float) -> None:
        state = {
            "replica": self._replica,
            "follows": self._is_synced and behind_s <= REPLICA_BEHIND_S,
            "behind_s": round(behind_s, 1),
            "reason": self._reason,
            "at_s": now,
        }
        partial = self._state.with_suffix(".partial")
        try:
            partial.write_text(json.dumps(state))
            partial.rename(self._state)
        except OSError as error:
            tell(logging.ERROR, "the state of the copy cannot be written", reason=str(error))


class _Connection(HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=REPLICA_ANSWER_MAX_S + 5)
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


def _error_in(text: bytes) -> str:
    try:
        answer: dict[str, Any] = json.loads(text)
        return str(answer.get("error") or answer)
    except ValueError:
        return text.decode(errors="replace")


def told(ledger: Path, replica: str) -> tuple[bool, str]:
    """Whether the copy follows, and a sentence about it."""
    if not replica:
        return True, "no copy follows the ledger: RINHA_REPLICA is not set"
    try:
        state = json.loads(ledger.with_name(f"{ledger.name}.replica.state").read_text())
        silent_s = time.monotonic() - state["at_s"]
    except (OSError, ValueError):
        return False, f"the copy at {replica} does not follow: Litestream does not run"
    if not 0 <= silent_s <= REPLICA_BEHIND_S:
        return False, f"the copy at {replica} does not follow: nobody watches Litestream"
    if not state["follows"]:
        return False, f"the copy at {replica} is {state['behind_s']:g} s behind: {state['reason']}"
    return True, f"the copy at {replica} follows, {state['behind_s']:g} s behind at most"
