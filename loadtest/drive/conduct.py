"""Starts the workers, listens to them until they are done, and keeps the view and samples going."""

import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter_ns as clock_ns
from time import sleep
from typing import Any

from loadtest.crebitos.history.notes import Operation
from loadtest.drive.crew import Crew, Desk
from loadtest.limits import SAMPLE_EVERY_S, START_AHEAD_S
from loadtest.measure.tally import Tally
from loadtest.measure.target.usage import TargetUsage
from loadtest.report.progress import View

LOOK_EVERY_S = 0.1


@dataclass(slots=True)
class Conducted:
    """A load that is over: what was counted, sampled and noted."""

    tally: Tally = field(default_factory=Tally)
    official: dict[str, int] = field(default_factory=dict)
    failed_checks: Counter[str] = field(default_factory=Counter)
    broken_checks: list[dict[str, str]] = field(default_factory=list)
    usage: dict[str, Any] = field(default_factory=dict)
    elapsed_s: float = 0.0
    interrupted: bool = False
    operations: list[tuple[int, Operation]] = field(default_factory=list)

    def add(self, message: dict[str, Any]) -> None:
        self.tally.add(message)
        for name, count in message.get("official", {}).items():
            self.official[name] = self.official.get(name, 0) + count
        self.failed_checks.update(message.get("failed_checks", {}))
        self.broken_checks += message.get("broken_checks", [])


def conduct(
    work: Callable[[Desk], None], workers: int, host: str, port: int, view: View
) -> Conducted:
    """Runs the load to its end, to a key press or to Ctrl-C; what is known is always returned."""
    done = Conducted()
    start_ns = clock_ns() + int(START_AHEAD_S * 1e9)
    usage = TargetUsage(host, port, start_ns)
    crew = Crew(work, workers, start_ns)
    try:
        with view:
            for _ in _watched(crew, done, view):
                _listen(crew, done, usage, view, start_ns)
        done.operations = list(crew.operations())
    finally:
        crew.close()
    done.usage = usage.as_data()
    return done


def _watched(crew: Crew, done: Conducted, view: View) -> Iterator[None]:
    """Once every tenth of a second, and once more after the end."""
    with _counted_interrupts() as interrupts:
        while crew.working:
            yield
            sleep(LOOK_EVERY_S)
            if interrupts or view.wants_to_quit():
                done.interrupted = True
                crew.stop()
        yield


@contextmanager
def _counted_interrupts() -> Iterator[list[int]]:
    """Ctrl-C as a note, not as an exception: it may come at any line, and ends none of them."""
    interrupts: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: interrupts.append(number))
    try:
        yield interrupts
    finally:
        signal.signal(signal.SIGINT, before)


def _listen(crew: Crew, done: Conducted, usage: TargetUsage, view: View, start_ns: int) -> None:
    for message in crew.messages():
        done.add(message)
    elapsed_s = max(0.0, (clock_ns() - start_ns) / 1e9)
    last_s = done.elapsed_s
    done.elapsed_s = elapsed_s
    if int(elapsed_s / SAMPLE_EVERY_S) > int(last_s / SAMPLE_EVERY_S):
        usage.sample()
    view.show(done.tally, elapsed_s)
