"""How a stack of plain processes is ended, also one whose folder was removed under it."""

import os
import signal
import time
from pathlib import Path

from stack import running
from stack.services import DOWN_MAX_S, LOOK_AGAIN_S, SERVICES, stop_services


def end_what_lost_its_folder() -> None:
    """All that it can answer is a refusal."""
    pid = running.supervisor()
    if pid and not SERVICES.exists():
        stop(pid)


def stop(pid: int | None) -> None:
    """With the number of its supervisor, if that lives."""
    if pid:
        # Told to hang up it ends its services too, which else are asked one by one.
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
    """One that is dead and unburied has no words left."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False
