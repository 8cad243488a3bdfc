"""Whether a copy can be kept where RINHA_REPLICA says."""

import tempfile
from pathlib import Path


def complaint(replica: str) -> str | None:
    """Returns the reason why not, as far as a folder of this machine can tell."""
    if not replica.startswith("file://"):
        return None
    folder = Path(replica.removeprefix("file://"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return error.strerror
