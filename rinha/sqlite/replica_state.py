"""State of the replica, in a file beside the ledger.

The watcher writes it; `make status` and the metrics read it. Its times count from the machine's
boot, so no change of the clock affects them. The file also holds the id of that boot: a state from
before it is ignored.
"""

import json
import logging
import time
from pathlib import Path
from typing import NamedTuple

from rinha.logs import tell
from rinha.sqlite.limits import REPLICA_BEHIND_S

# The kernel makes a new id at each boot.
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class State(NamedTuple):
    replica: str
    follows: bool
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
        tell(logging.ERROR, "the state of the copy cannot be written", reason=str(error))


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
    watcher has died. Without a state it counts from `since_s`, the caller's start."""
    now = time.monotonic()
    state = _read(ledger)
    return state.behind_s + now - state.at_s if state else now - since_s


def told(ledger: Path, replica: str) -> tuple[bool, str]:
    """Returns whether replication is in order, and a sentence about it."""
    state = _read(ledger)
    if state is None:
        if not replica:
            return True, "no copy follows the ledger: RINHA_REPLICA is not set"
        return (
            False,
            f"the copy at {replica} does not follow: Litestream has not begun, see its log",
        )
    copy = f"the copy at {state.replica}"
    if time.monotonic() - state.at_s > REPLICA_BEHIND_S:
        return False, f"{copy} does not follow: Litestream does not run"
    if not state.follows:
        return False, f"{copy} is {state.behind_s:g} s behind: {state.reason}"
    return True, f"{copy} follows, {state.behind_s:g} s behind at most"
