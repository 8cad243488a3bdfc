"""Checks that a replica can be written to the place in RINHA_REPLICA."""

import tempfile
from pathlib import Path


def problem(replica: str) -> str | None:
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
