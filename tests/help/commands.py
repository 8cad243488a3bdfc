"""Runs a command to its end, and waits until something is true."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, TypeVar

from tests.help.running import ANSWER_MAX_S, ROOT, finish, rinha

RUN_MAX_S = 600.0
T = TypeVar("T")


class Ended(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


def run(
    *words: str | Path,
    cwd: Path = ROOT,
    env: Mapping[str, str] = MappingProxyType({}),
    timeout_s: float = RUN_MAX_S,
) -> Ended:
    """Runs a command with the variables of `env` beside those of the tests."""
    done = subprocess.run(
        words,
        cwd=cwd,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Restores SIGINT, which background jobs and all their children ignore."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def wait_until(
    act: Callable[[], T],
    why: Callable[[], object] = lambda: "it did not come about",
    timeout_s: float = ANSWER_MAX_S,
) -> T:
    """Calls `act` until its result is true, and returns that; `why` is the error at the timeout."""
    deadline = time.monotonic() + timeout_s
    while not (found := act()):
        assert time.monotonic() < deadline, why()
        time.sleep(0.02)
    return found


def assert_refused(done: tuple[int, str, str], *reasons: str, code: int = 2) -> str:
    """Asserts an exit code, no output, and one line of error with these reasons; returns it."""
    assert (done[0], done[1], done[2].count("\n")) == (code, "", 1), done
    assert all(reason in done[2] for reason in reasons), done[2]
    return done[2]


def assert_sound(ledger: object, **environment: str) -> None:
    """Asserts that `rinha check` finds every promise kept."""
    code, out, _ = finish(rinha("check", RINHA_LEDGER=str(ledger), **environment))
    assert code == 0, out
