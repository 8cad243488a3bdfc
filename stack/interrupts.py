"""Handling of Ctrl-C while parts of the stack start and stop."""

import contextlib
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any


@contextlib.contextmanager
def delayed() -> Iterator[None]:
    """Delays Ctrl-C to the end of the block.

    A handler does it: the programs started meanwhile would inherit a signal mask. Ctrl-C interrupts
    the main thread only.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came = []
    before = signal.signal(signal.SIGINT, lambda *_: came.append(True))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        raise KeyboardInterrupt


def run_in_own_session(
    command: Sequence[str | Path], **how: Any
) -> "subprocess.CompletedProcess[str]":
    """Runs a program in a session of its own, so that Ctrl-C in the terminal does not reach it."""
    return subprocess.run(command, check=False, text=True, start_new_session=True, **how)


def without_a_traceback() -> None:
    """Makes Ctrl-C end a command without a traceback. The shell sees exit code 130."""
    shown = sys.excepthook

    def show(
        kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            shown(kind, error, traceback)

    sys.excepthook = show
