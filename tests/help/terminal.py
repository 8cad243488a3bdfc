"""Runs a command on a terminal, and captures its output."""

import fcntl
import os
import select
import struct
import subprocess
import termios
import time
from collections.abc import Sequence

from tests.help.running import ANSWER_MAX_S, ROOT

ROWS, COLUMNS = 100, 200
SIZES = ("LINES", "COLUMNS")


def on_terminal(
    words: Sequence[str], *, wait_for: str = "", keys: str = "", **environment: str
) -> tuple[int, str]:
    """Returns the exit code and the output; the keys are pressed once `wait_for` was shown."""
    leader, follower = os.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    # pytest's workers set a size that is not this terminal's.
    inherited = {name: text for name, text in os.environ.items() if name not in SIZES}
    process = subprocess.Popen(
        words,
        cwd=ROOT,
        env={**inherited, "TERM": "xterm-256color", **environment},
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
    )
    os.close(follower)
    shown, pressed = b"", False
    deadline = time.monotonic() + ANSWER_MAX_S
    try:
        while some := _read(leader, deadline):
            shown += some
            if keys and not pressed and wait_for in shown.decode(errors="replace"):
                os.write(leader, keys.encode())
                pressed = True
        return process.wait(ANSWER_MAX_S), shown.decode()
    finally:
        process.kill()
        process.wait()
        os.close(leader)


def _read(leader: int, deadline: float) -> bytes:
    assert select.select([leader], [], [], max(0.0, deadline - time.monotonic()))[0], "it hangs"
    try:
        return os.read(leader, 65536)
    except OSError:
        return b""  # its last process has ended
