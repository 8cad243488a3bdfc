"""Ends a process with its parent, however that ended: an instance may end at once, or be killed."""

import os
import threading
import time

# Variable with the parent's pid: when the process looks, its parent may have ended already.
PARENT_PID = "RINHA_PARENT_PID"
LOOK_EVERY_S = 0.1
EXIT_CODE = 2


def end_with_parent() -> None:
    """Ends this process with the parent that PARENT_PID names, if it names one."""
    pid = os.environ.get(PARENT_PID)
    if pid is None:
        return
    _end_without(int(pid))
    threading.Thread(target=_watch, args=(int(pid),), name="parent", daemon=True).start()


def _watch(pid: int) -> None:
    while True:
        time.sleep(LOOK_EVERY_S)
        _end_without(pid)


def _end_without(pid: int) -> None:
    if os.getppid() != pid:
        os._exit(EXIT_CODE)
