"""The logs of a stack of plain processes, and the CPU and memory of its parts."""

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO

LINES_FIRST = 20
LOOK_AGAIN_S = 0.2
TICKS = os.sysconf("SC_CLK_TCK")
MEGABYTE = 1_000_000


def follow(paths: Sequence[Path]) -> Iterator[str]:
    """Yields the last lines of each log, then all new lines, for ever.

    After a rotation it goes on with the new file of that name.
    """
    opened = {path: path.open(errors="replace") for path in paths}
    is_first = True
    while True:
        for path, log in opened.items():
            # Asked before the read: svlogd writes nothing more into a file that it has renamed.
            is_rotated = _is_another(path, log)
            text = log.read()
            if is_first:
                text = "".join(text.splitlines(keepends=True)[-LINES_FIRST:])
            if text:
                yield f"==> {path} <==\n{text}"
            if is_rotated:
                log.close()
                opened[path] = path.open(errors="replace")
        is_first = False
        time.sleep(LOOK_AGAIN_S)


def ends(paths: Iterable[Path]) -> dict[tuple[Path, int], int]:
    """Returns the size of each log, by path and inode: a rotated log is another file."""
    return {(path, path.stat().st_ino): path.stat().st_size for path in paths}


def lines_since(path: Path, before: Mapping[tuple[Path, int], int]) -> list[str]:
    """Returns the lines that were added to a log after `ends` was called."""
    with path.open("rb") as log:
        log.seek(before.get((path, os.fstat(log.fileno()).st_ino), 0))
        return log.read().decode(errors="replace").splitlines()


def _is_another(path: Path, log: TextIO) -> bool:
    with suppress(FileNotFoundError):
        return path.stat().st_ino != os.fstat(log.fileno()).st_ino
    return False


def parts(services: Sequence[Path]) -> Iterator[tuple[str, ...]]:
    """Yields the rows of a table: the process of each service, and its children.

    CPU is the mean since the start of the process, as in ps.
    """
    yield "PART", "PID", "CPU", "MB", "THREADS"
    uptime_s = float(Path("/proc/uptime").read_text().split()[0])
    for service in services:
        with suppress(OSError, ValueError):
            first = (service / "supervise" / "pid").read_text().strip()
            for pid in (first, *Path(f"/proc/{first}/task/{first}/children").read_text().split()):
                stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                cpu_s, threads, started_s = _seconds(stat[11:15]), stat[17], _seconds(stat[19:20])
                memory = int(stat[21]) * os.sysconf("SC_PAGE_SIZE") / MEGABYTE
                cpu = cpu_s / max(uptime_s - started_s, 1 / TICKS)
                yield service.name, pid, f"{cpu:.1%}", f"{memory:.1f}", threads


def _seconds(ticks: Sequence[str]) -> float:
    return sum(map(int, ticks)) / TICKS
