"""Checks that a replica can be written to the place in RINHA_REPLICA."""

import sys
import tempfile
from pathlib import Path

from stack.messages import message


def is_fine(replica: str) -> bool:
    """Tells if there is a replica that can be written; prints a warning if it cannot."""
    reason = _problem(replica)
    if reason:
        print(f"rinha: {message('NO_REPLICA', replica, reason)}", file=sys.stderr)
    return bool(replica) and not reason


def _problem(replica: str) -> str | None:
    """Returns the reason why not. Only a folder on this machine is checked."""
    if not replica.startswith("file://"):
        return None
    folder = Path(replica.removeprefix("file://"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return error.strerror
