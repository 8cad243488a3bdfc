"""How the copy is, in a file beside the ledger: written by the watch, read by `make status` and by
who asks for the metrics.

Its times are the machine's since it was started, which no setting of the clock changes. So it also
says since which start: what was written before that one is old, whatever its times.
"""

import json
import logging
import time
from pathlib import Path
from typing import NamedTuple

from rinha.logs import tell
from rinha.sqlite.limits import REPLICA_BEHIND_S

# The kernel draws another one at each start of the machine.
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
    """Nothing where no copy was followed since the machine was started."""
    try:
        state = State(**json.loads(file_of(ledger).read_text()))
        is_of_now = state.boot == boot_id() and state.at_s <= time.monotonic()
    except (OSError, ValueError, TypeError):
        return None
    return state if is_of_now else None


def behind_s(ledger: Path, since_s: float) -> float:
    """How much a lost disk would take; it grows while nobody writes the state. Where there is none,
    all since then, which is when whoever asks was started."""
    now = time.monotonic()
    state = _read(ledger)
    return state.behind_s + now - state.at_s if state else now - since_s


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
    if time.monotonic() - state.at_s > REPLICA_BEHIND_S:
        return False, f"{copy} does not follow: Litestream does not run"
    if not state.follows:
        return False, f"{copy} is {state.behind_s:g} s behind: {state.reason}"
    return True, f"{copy} follows, {state.behind_s:g} s behind at most"
