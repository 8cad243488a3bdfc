"""A lock for commands that change what runs: two of a kind never run at the same time."""

import contextlib
import fcntl
from collections.abc import Iterator

from stack.paths import VAR


@contextlib.contextmanager
def one_at_a_time(name: str) -> Iterator[None]:
    """Holds the lock of this name in var/."""
    VAR.mkdir(exist_ok=True)
    with (VAR / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
