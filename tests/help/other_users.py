"""Paths that another user of the machine can open, lock or connect to."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

NOBODY = 65534
# Tries each path in every way, and prints what succeeded.
TRY = """
import fcntl, json, os, socket, sys
got = []
for path in json.load(sys.stdin):
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        got.append(f"open {path}")
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        got.append(f"lock {path}")
    except OSError:
        pass
    try:
        socket.socket(socket.AF_UNIX).connect(path)
        got.append(f"connect {path}")
    except OSError:
        pass
print(json.dumps(got))
"""


def paths_below(folder: Path) -> list[Path]:
    """Returns the folder, and all files, folders and sockets below it."""
    return [folder, *folder.rglob("*")]


def open_to_others(folder: Path) -> list[str]:
    """Returns each path that has permissions for the group or for others, with its mode."""
    found = []
    for path in paths_below(folder):
        try:
            mode = path.lstat().st_mode
        except FileNotFoundError:
            continue
        if not stat.S_ISLNK(mode) and mode & 0o077:
            found.append(f"{path.relative_to(folder)} {stat.S_IMODE(mode):o}")
    return found


def reached_by_nobody(paths: list[Path]) -> list[str]:
    """Returns what the user `nobody` could open, lock or connect to; only root can test that. Paths
    are relative, as those of sockets must be short."""
    top = os.path.commonpath(paths)
    done = subprocess.run(
        [sys.executable, "-S", "-c", TRY],
        cwd=top,
        input=json.dumps([os.path.relpath(path, top) for path in paths]),
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[str] = json.loads(done.stdout)
    return found
