"""Checks the place of the replica in RINHA_REPLICA, and installs the program that writes it."""

import subprocess
import sys
import tempfile
from pathlib import Path

from stack import paths
from stack.messages import message

# A service runs the program as another user than the one who installs it.
UMASK = 0o022


def install_litestream(replica: str) -> None:
    """Installs Litestream if there is a replica. The one file uses the one in the PATH."""
    if replica and not paths.ONE_FILE and not paths.LITESTREAM.exists():
        subprocess.run(["stack/setup.sh", "replica"], check=True, umask=UMASK)


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
