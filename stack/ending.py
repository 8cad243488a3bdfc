"""Stops a stack of plain processes, including one whose folder was removed while it ran."""

import os
import signal
import time
from pathlib import Path

from stack import running
from stack.services import DOWN_MAX_S, LOOK_AGAIN_S, SERVICES, stop_services


def end_what_lost_its_folder() -> None:
    """Stops a stack whose folder was removed: it answers every request with an error."""
    pid = running.supervisor()
    if pid and not SERVICES.exists():
        stop(pid)


def stop(pid: int | None) -> None:
    """Stops the stack, given the pid of its supervisor if one runs."""
    if pid:
        # On SIGHUP runsvdir also ends its services. On SIGTERM it leaves them running, and
        # stop_services() ends them in order.
        has_folder = SERVICES.exists()
        waits_for = [pid] if has_folder else [pid, *_children(pid)]
        os.kill(pid, signal.SIGTERM if has_folder else signal.SIGHUP)
        deadline = time.monotonic() + DOWN_MAX_S
        while any(map(_is_alive, waits_for)) and time.monotonic() < deadline:
            time.sleep(LOOK_AGAIN_S)
    running.PID.unlink(missing_ok=True)
    stop_services()


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _is_alive(pid: int) -> bool:
    """Tells if a process runs. A zombie does not: its command line is empty."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False
