"""Records a command on a terminal as a series of screens; tmux emulates the terminal."""

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

COLUMNS, ROWS = 100, 24
POLL_S = 0.5
# Lines above the screen that are kept: a report has fewer.
HISTORY_LINES = 2000
# Exit codes of a judge that gave its verdict: PASS, or INVALID on a busy machine. The picture shows
# the screen, not the speed of the machine.
JUDGED = ("0", "4")

# The rows of a screen, with the escapes of their colours.
Frame = tuple[str, ...]


class RecordingFailedError(Exception):
    """A recorded command that failed; the text has the end of its output."""


class Terminal:
    """One command on a terminal of its own, until the end of its `with` block."""

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        self._command, self._folder = command, folder

    def __enter__(self) -> Self:
        # Sixteen colours, whose tints the picture chooses: tmux tells programs so by its TERM.
        self._tmux("-f", "/dev/null", "start-server", ";", "set", "-g", "remain-on-exit", "on", ";",
                   "set", "-g", "default-terminal", "screen", ";",
                   "set", "-g", "history-limit", str(HISTORY_LINES), ";",
                   "new-session", "-d", "-x", str(COLUMNS), "-y", str(ROWS),
                   "-c", str(self._folder), *self._command)  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        self._tmux("kill-server")

    def record(self) -> list[Frame]:
        """Returns the screens until the command ends; the last is the head of its whole output."""
        frames: list[Frame] = []
        while not self._has_ended():
            frame = self._captured()
            if any(frame) and frames[-1:] != [frame]:
                frames.append(frame)
            time.sleep(POLL_S)
        whole = self._captured("-S", "-")
        if self._told("pane_dead_status") not in JUDGED:
            raise RecordingFailedError("\n".join(whole[-ROWS:]).strip())
        return [*frames, whole[:ROWS]]

    def _has_ended(self) -> bool:
        return self._told("pane_dead") == "1"

    def _told(self, name: str) -> str:
        return self._tmux("display-message", "-p", f"#{{{name}}}").strip()

    def _captured(self, *since: str) -> Frame:
        rows = self._tmux("capture-pane", "-p", "-e", *since).split("\n")
        return tuple(row.rstrip() for row in rows if not row.startswith("Pane is dead"))

    def _tmux(self, *args: str) -> str:
        # A server of its own, so that the user's is not touched.
        command = ["tmux", "-S", str(self._folder / "tmux.sock"), *args]
        environment = {
            name: text
            for name, text in os.environ.items()
            if name not in ("TMUX", "COLORTERM", "NO_COLOR")
        } | {"LC_ALL": "C.UTF-8"}
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
        return done.stdout
