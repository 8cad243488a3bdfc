"""Ctrl-C while parts are started and stopped."""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

INTERRUPTED = 130


@contextlib.contextmanager
def delayed() -> Iterator[None]:
    """Holds Ctrl-C back to the end of the block. A handler is no child's, where a mask would be."""
    came = []
    before = signal.signal(signal.SIGINT, lambda *_: came.append(True))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        raise KeyboardInterrupt


def run_apart(command: Sequence[str | Path], **how: Any) -> "subprocess.CompletedProcess[str]":
    """Runs a program that the terminal's Ctrl-C does not reach: it is ended from here."""
    return subprocess.run(command, check=False, text=True, start_new_session=True, **how)


def without_a_traceback() -> None:
    """Ends a command by Ctrl-C in silence, wherever it is. The shell sees 130."""
    shown = sys.excepthook

    def show(
        kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            shown(kind, error, traceback)

    sys.excepthook = show
