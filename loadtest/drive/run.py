"""Runs a load: starts the workers, adds up their counts, and updates view and samples."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter_ns as clock_ns
from time import sleep
from typing import Self

from loadtest.drive.pool import Work, WorkerPool
from loadtest.limits import POLL_EVERY_S, SAMPLE_EVERY_S, START_AHEAD_S
from loadtest.measure.tally import Tally
from loadtest.measure.target.usage import TargetUsage, Usage
from loadtest.wire.request import Address, Kind


class View:
    """Display of a running load, in the process that sends no requests."""

    quit_by_key = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def show(self, tally: Tally, elapsed_s: float) -> None:
        raise NotImplementedError

    def wants_to_quit(self) -> bool:
        return False


@dataclass(slots=True)
class Run:
    """A load, running or finished: its counts and the target's samples."""

    tally: Tally
    usage: Usage
    workers: int
    elapsed_s: float = 0.0
    interrupted: bool = False


def run_workers(
    work: Work, workers: int, address: Address, kinds: Sequence[Kind], view: View
) -> Run:
    """Runs the load until its end, a key press or Ctrl-C; always returns the counts so far."""
    with _counted_interrupts() as interrupts:
        start_ns = clock_ns() + int(START_AHEAD_S * 1e9)
        usage = TargetUsage(address.host, address.port, start_ns)
        done = Run(Tally(kinds), usage.seen, workers)
        pool = WorkerPool(work, workers, start_ns)
        try:
            with view:
                for _ in _watched(pool, done, view, interrupts):
                    _listen(pool, done, usage, view, start_ns)
        finally:
            pool.close()
        for death in pool.deaths():
            done.tally.add(death)
    return done


def _watched(pool: WorkerPool, done: Run, view: View, interrupts: list[int]) -> Iterator[None]:
    """Yields ten times a second while workers run, and once more after their end."""
    while pool.working:
        yield
        sleep(POLL_EVERY_S)
        if interrupts or view.wants_to_quit():
            done.interrupted = True
            pool.stop()
    yield


@contextmanager
def _counted_interrupts() -> Iterator[list[int]]:
    """Records Ctrl-C in a list: an exception could interrupt any line of the code."""
    interrupts: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: interrupts.append(number))
    try:
        yield interrupts
    finally:
        signal.signal(signal.SIGINT, before)


def _listen(pool: WorkerPool, done: Run, usage: TargetUsage, view: View, start_ns: int) -> None:
    for message in pool.messages():
        done.tally.add(message)
    elapsed_s = max(0.0, (clock_ns() - start_ns) / 1e9)
    last_s = done.elapsed_s
    done.elapsed_s = elapsed_s
    if int(elapsed_s / SAMPLE_EVERY_S) > int(last_s / SAMPLE_EVERY_S):
        usage.sample()
    view.show(done.tally, elapsed_s)
