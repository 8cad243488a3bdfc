"""Keeps var/ for its owner alone: the ledger, its locks, the sockets and the logs."""

import contextlib
import os
import stat
from pathlib import Path

from rinha.errors import RinhaError
from rinha.private import UMASK
from stack.services import CLUSTER, VAR

FOLDER_MODE = 0o700
# PostgreSQL's own user passes through var/ to the cluster's folder, and can list nothing in it.
PASSED_THROUGH_MODE = 0o711


class NotOursError(RinhaError):
    """Another user can put programs into var/, which would run as this one."""


def close_umask() -> None:
    """Of this process and of all that it starts."""
    os.umask(UMASK)


def assert_ours() -> None:
    """Refuses var/ where another user made it, or could put something into it, to root too: what
    stands there is run, and the one file is carried to folders that nobody looked into."""
    for path in {VAR.absolute(), VAR.resolve()}:
        if not os.path.lexists(path):
            continue
        found = path.lstat()
        if found.st_uid != os.geteuid():
            raise NotOursError(
                f"{path} belongs to the user {found.st_uid}: run this as that user, or move it away"
            )
        if stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_IWOTH:
            raise NotOursError(f"everybody may write {path}: chmod go-w {path}, or move it away")


def make_var() -> None:
    """Makes var/, or narrows one that an older version left open to others."""
    VAR.mkdir(mode=FOLDER_MODE, exist_ok=True)
    VAR.chmod(PASSED_THROUGH_MODE if CLUSTER.exists() else FOLDER_MODE)
    for folder, names, files in os.walk(VAR):
        # Nodes run as users of their own, and each keeps its folder closed.
        names[:] = [name for name in names if Path(folder, name) != CLUSTER]
        for name in (*names, *files):
            _narrow(Path(folder, name))


def let_through() -> None:
    """Makes the cluster's folder, and lets PostgreSQL's user reach its nodes there."""
    for folder in (VAR, CLUSTER):
        folder.mkdir(exist_ok=True)
        folder.chmod(PASSED_THROUGH_MODE)
    for path in CLUSTER.iterdir():
        _narrow(path)


def _narrow(path: Path) -> None:
    # It may end meanwhile; what another user has made there is behind the folder's own mode.
    with contextlib.suppress(FileNotFoundError, PermissionError):
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode) and mode & UMASK:
            path.chmod(stat.S_IMODE(mode) & ~UMASK)
