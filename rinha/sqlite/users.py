"""Locks of the programs that use a file: they keep restores out, and show whether an older program
runs.

Each version of a schema has a lock file. A program holds the lock of its own version while it uses
a file. It holds the locks of older versions too, so that a restore by an older program is refused.
But on a file of an older version it leaves those free: a process that can then lock them alone
knows that no older program uses the file, and none can begin to before it is upgraded.
"""

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path

from rinha.errors import StoreUnusableError
from rinha.private import open_lock_file


def lock_files_of(file: Path, version: int) -> list[Path]:
    """Returns the lock file of this version, and of each older one."""
    endings = [f".users-{each}" for each in range(version, 1, -1)]
    return [file.with_name(f"{file.name}{ending}") for ending in (*endings, ".users")]


class Use:
    """Use of a file by this process, until it is closed or, if its descriptors are inherited, until
    the last process that has them ends."""

    def __init__(self, file: Path, version: int, kind: int) -> None:
        self.descriptors: list[int] = []
        # A program that knows version 1 only does not follow a symbolic link to the file: its lock
        # is beside the link.
        self.link: Path | None = None
        try:
            for path in lock_files_of(file, version):
                self.descriptors.append(open_lock_file(path))
                fcntl.flock(self.descriptors[-1], kind | fcntl.LOCK_NB)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        for fd in self.descriptors:
            os.close(fd)

    def lock_out_all(self) -> bool:
        """Makes the use exclusive, or returns False: then the process has to end its use."""
        return _locked(self.descriptors, fcntl.LOCK_EX)

    def lock_out_older(self) -> bool:
        """Makes the use exclusive among older programs, or returns False and leaves it to them."""
        self._add_lock_of_link()
        if _locked(self._of_older, fcntl.LOCK_EX):
            return True
        self.leave_older()
        return False

    def join_older(self) -> bool:
        """Shares the locks of older versions; returns False while another process has one alone."""
        return _locked(self._of_older, fcntl.LOCK_SH)

    def leave_older(self) -> None:
        _locked(self._of_older, fcntl.LOCK_UN)

    def _add_lock_of_link(self) -> None:
        """Adds the lock beside the link, if an older program has made one."""
        lock = lock_files_of(self.link, 1)[0] if self.link else None
        if lock and lock.exists():
            self.descriptors.append(open_lock_file(lock))
            self.link = None

    @property
    def _of_older(self) -> Sequence[int]:
        return self.descriptors[1:]


def _locked(descriptors: Sequence[int], kind: int) -> bool:
    try:
        for fd in descriptors:
            fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def use(file: Path, version: int) -> Use:
    """Begins the use of a file by a program that knows this version."""
    try:
        return Use(file, version, fcntl.LOCK_SH)
    except BlockingIOError:
        raise StoreUnusableError(f"{file}: it is being restored, try again after that") from None


def keep_out(file: Path, version: int) -> Use | None:
    """Prevents any use of the file by others until it is closed; returns None if it is in use."""
    try:
        return Use(file, version, fcntl.LOCK_EX)
    except BlockingIOError:
        return None
