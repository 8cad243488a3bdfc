"""State of the replica, in a file beside the ledger.

The watchdog writes it; `make status` and the metrics read it. Its times count from the machine's
boot, so no change of the clock affects them. The file also holds the id of that boot: a state from
before it is ignored.
"""

import json
import logging
import time
from pathlib import Path
from typing import NamedTuple

from rinha.logs import log_event
from rinha.replica.limits import BEHIND_S

# The kernel makes a new id at each boot.
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
SEE_LOG = "see its log (`make logs`)"


class State(NamedTuple):
    replica: str
    is_current: bool
    behind_s: float
    reason: str
    at_s: float
    boot: str = ""


def boot_id() -> str:
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return ""


def file_of(ledger: Path) -> Path:
    return ledger.with_name(f"{ledger.name}.replica.state")


def write(ledger: Path, state: State) -> None:
    file = file_of(ledger)
    partial = file.with_suffix(".partial")
    try:
        partial.write_text(json.dumps(state._replace(boot=boot_id())._asdict()))
        partial.rename(file)
    except OSError as error:
        log_event(logging.ERROR, "cannot write the replica's state", reason=str(error))


def _read(ledger: Path) -> State | None:
    """Returns the state, or None if nothing was replicated since the machine's boot."""
    try:
        state = State(**json.loads(file_of(ledger).read_text()))
        is_of_now = state.boot == boot_id() and state.at_s <= time.monotonic()
    except (OSError, ValueError, TypeError):
        return None
    return state if is_of_now else None


def behind_s(ledger: Path, since_s: float) -> float:
    """Returns the lag in seconds: how much a lost disk would take. It keeps growing after the
    watchdog has died. Without a state it counts from `since_s`, the caller's start."""
    now = time.monotonic()
    state = _read(ledger)
    return state.behind_s + now - state.at_s if state else now - since_s


def describe(ledger: Path, replica: str) -> tuple[bool, str]:
    """Returns whether replication is in order, and a sentence about it."""
    state = _read(ledger)
    if state is None:
        if not replica:
            return True, "the ledger is not replicated: RINHA_REPLICA is not set"
        return (
            False,
            f"the replica at {replica} is not written: Litestream is starting, {SEE_LOG}",
        )
    place = f"the replica at {state.replica}"
    if time.monotonic() - state.at_s > BEHIND_S:
        return False, f"{place} is not written: Litestream does not run, {SEE_LOG}"
    if not state.is_current:
        return False, f"{place} is {state.behind_s:g} s behind: {state.reason}"
    return True, f"{place} is up to date, at most {state.behind_s:g} s behind"
