"""The logs of a stack of plain processes."""

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from stack.paths import VAR

LINES_FIRST = 20
POLL_S = 0.2
# Five times an empty ledger, its WAL and the logs of the parts.
SPACE_MIN_BYTES = 1_000_000


def follow(paths: Sequence[Path]) -> Iterator[str]:
    """Yields the last lines of each log, then all new lines, until the process is stopped.

    After a rotation it goes on with the new file of that name.
    """
    opened = {path: path.open(errors="replace") for path in paths}
    is_first = True
    while True:
        for path, log in opened.items():
            # Checked before the read: svlogd writes nothing more into a file that it has renamed.
            is_rotated = _is_rotated(path, log)
            text = log.read()
            if is_first:
                text = "".join(text.splitlines(keepends=True)[-LINES_FIRST:])
            if text:
                yield f"==> {path} <==\n{text}"
            if is_rotated:
                log.close()
                opened[path] = path.open(errors="replace")
        is_first = False
        time.sleep(POLL_S)


def sizes(paths: Iterable[Path]) -> dict[tuple[Path, int], int]:
    """Returns the size of each log, by path and inode: a rotated log is another file."""
    return {(path, path.stat().st_ino): path.stat().st_size for path in paths}


def lines_since(path: Path, before: Mapping[tuple[Path, int], int]) -> list[str]:
    """Returns the lines that were added to a log after `sizes` was called."""
    with path.open("rb") as log:
        log.seek(before.get((path, os.fstat(log.fileno()).st_ino), 0))
        return log.read().decode(errors="replace").splitlines()


def _is_rotated(path: Path, log: TextIO) -> bool:
    with suppress(FileNotFoundError):
        return path.stat().st_ino != os.fstat(log.fileno()).st_ino
    return False


def assert_space() -> None:
    """Raises OSError on a full disk, where the logs could not report the cause."""
    probe = VAR / "space"
    try:
        with probe.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, SPACE_MIN_BYTES)
    finally:
        probe.unlink(missing_ok=True)
