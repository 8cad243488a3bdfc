"""Files that only their owner can open, with any umask.

A user who can open a lock file can hold its lock.
"""

import contextlib
import os
from pathlib import Path

# The umask of every command: new files 0600, new folders 0700.
UMASK = 0o077
FILE_MODE = 0o600


def open_lock_file(path: Path) -> int:
    """Returns a descriptor. Also restricts the mode of a file that an older version made."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    # Only the file's owner may change its mode.
    with contextlib.suppress(PermissionError):
        os.fchmod(fd, FILE_MODE)
    return fd
