"""How the copy is, in a file beside the ledger: written by the watch, read by `make status` and by
who asks for the metrics.

Its times are the machine's since it was started, which no setting of the clock changes.
"""

import json
import logging
import time
from pathlib import Path
from typing import NamedTuple

from rinha.logs import tell
from rinha.sqlite.limits import REPLICA_BEHIND_S


class State(NamedTuple):
    replica: str
    follows: bool
    behind_s: float
    reason: str
    at_s: float


def file_of(ledger: Path) -> Path:
    return ledger.with_name(f"{ledger.name}.replica.state")


def write(ledger: Path, state: State) -> None:
    file = file_of(ledger)
    partial = file.with_suffix(".partial")
    try:
        partial.write_text(json.dumps(state._asdict()))
        partial.rename(file)
    except OSError as error:
        tell(logging.ERROR, "the state of the copy cannot be written", reason=str(error))


def _read(ledger: Path) -> State | None:
    try:
        return State(**json.loads(file_of(ledger).read_text()))
    except (OSError, ValueError):
        return None


def behind_s(ledger: Path) -> float | None:
    """Growing while nobody writes it any more; None where no copy follows, or none since the
    machine was started."""
    state = _read(ledger)
    silent_s = time.monotonic() - state.at_s if state else -1.0
    return state.behind_s + silent_s if state and silent_s >= 0 else None


def told(ledger: Path, replica: str) -> tuple[bool, str]:
    """Whether the copy follows, and a sentence about it."""
    state = _read(ledger)
    if state is None:
        if not replica:
            return True, "no copy follows the ledger: RINHA_REPLICA is not set"
        return (
            False,
            f"the copy at {replica} does not follow: Litestream has not begun, see its log",
        )
    copy = f"the copy at {state.replica}"
    if not 0 <= time.monotonic() - state.at_s <= REPLICA_BEHIND_S:
        return False, f"{copy} does not follow: Litestream does not run"
    if not state.follows:
        return False, f"{copy} is {state.behind_s:g} s behind: {state.reason}"
    return True, f"{copy} follows, {state.behind_s:g} s behind at most"
