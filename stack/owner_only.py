"""Keeps var/ private to its owner: the ledger, its locks, the sockets and the logs."""

import contextlib
import os
import stat
from pathlib import Path

from rinha.errors import RinhaError
from rinha.private import UMASK
from stack.paths import CLUSTER, VAR

FOLDER_MODE = 0o700
# PostgreSQL's own user passes through var/ to the cluster's folder, but cannot list var/.
PASSED_THROUGH_MODE = 0o711


class NotOwnedError(RinhaError):
    """Another user can put programs into var/, which this user would run."""


def set_private_umask() -> None:
    """Sets the private umask for this process and its children."""
    os.umask(UMASK)


def assert_owned() -> None:
    """Refuses a var/ that another user owns or everybody may write, to root too.

    The stack runs programs from var/, and the one file may be started in any folder.
    """
    for path in {VAR.absolute(), VAR.resolve()}:
        if not os.path.lexists(path):
            continue
        found = path.lstat()
        if found.st_uid != os.geteuid():
            raise NotOwnedError(
                f"{path} belongs to the user {found.st_uid}: run this as that user, or move it away"
            )
        if stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_IWOTH:
            raise NotOwnedError(f"everybody may write {path}: chmod go-w {path}, or move it away")


def make_var() -> None:
    """Makes var/, or removes the permissions that an older version left to others."""
    VAR.mkdir(mode=FOLDER_MODE, exist_ok=True)
    VAR.chmod(PASSED_THROUGH_MODE if CLUSTER.exists() else FOLDER_MODE)
    for folder, names, files in os.walk(VAR):
        # A node's folder belongs to the user that PostgreSQL runs as, and is private already.
        names[:] = [name for name in names if Path(folder, name) != CLUSTER]
        for name in (*names, *files):
            _narrow(Path(folder, name))


def make_cluster_folder() -> None:
    """Makes the cluster's folder, and lets PostgreSQL's user reach the nodes in it."""
    for folder in (VAR, CLUSTER):
        folder.mkdir(exist_ok=True)
        folder.chmod(PASSED_THROUGH_MODE)
    for path in CLUSTER.iterdir():
        _narrow(path)


def _narrow(path: Path) -> None:
    # The file may vanish meanwhile. Another user's file is protected by the mode of its folder.
    with contextlib.suppress(FileNotFoundError, PermissionError):
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode) and mode & UMASK:
            path.chmod(stat.S_IMODE(mode) & ~UMASK)
