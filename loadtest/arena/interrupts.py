"""Interrupts of an arena run: the first one ends it, no later one disturbs the removal."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Once:
    """Raises KeyboardInterrupt at the first signal only, and at none once the run is over."""

    def __init__(self) -> None:
        self.is_armed = True

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        if self.is_armed:
            self.is_armed = False
            # A print could be interrupted by itself.
            with suppress(OSError, ValueError):
                os.write(sys.stderr.fileno(), b"stopping: the entry is removed first\n")
            raise KeyboardInterrupt


@contextmanager
def removed_afterwards(remove: Callable[[], None]) -> Iterator[None]:
    """Calls `remove` after the block, to its end, whatever ended the block."""
    once = _Once()
    # `nohup` has SIGHUP ignored, so that a run outlives its terminal.
    heard = [one for one in STOPPING if signal.getsignal(one) is not signal.SIG_IGN]
    before = {number: signal.signal(number, once) for number in heard}
    try:
        try:
            yield
        finally:
            # An interrupt just before this line is the one that is raised, and the last.
            once.is_armed = False
    finally:
        try:
            remove()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
