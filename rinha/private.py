"""Files for their owner alone, whatever the umask: who may open a lock file may hold its lock."""

import contextlib
import os
from pathlib import Path

# The umask of every command: new files 0600, new folders 0700.
UMASK = 0o077
FILE_MODE = 0o600


def open_lock_file(path: Path) -> int:
    """Returns a descriptor. Narrows a file of an older version, too."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    # Another user's file can be opened, but not narrowed.
    with contextlib.suppress(PermissionError):
        os.fchmod(fd, FILE_MODE)
    return fd
