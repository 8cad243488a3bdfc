"""Progress of a check: how many of its rules were asked, and how many are broken so far."""

import sys
from time import monotonic
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from loadtest.limits import PLAIN_LINE_EVERY_S, SCREEN_EVERY_S
from loadtest.report.progress import left


class RuleView:
    """Display of a running check; this one shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def show(self, asked: int, broken: int) -> None:
        """Shows the number of rules asked so far, and how many of them are broken."""


class RuleLines(RuleView):
    """One line every few seconds, for a log or a pipe."""

    def __init__(self, size: int) -> None:
        self._size, self._began_s = size, monotonic()
        self._next_s = PLAIN_LINE_EVERY_S

    def show(self, asked: int, broken: int) -> None:
        elapsed_s = monotonic() - self._began_s
        if elapsed_s < self._next_s:
            return
        self._next_s = elapsed_s + PLAIN_LINE_EVERY_S
        rest = left(elapsed_s, None, asked, self._size)
        line = f"{asked} of {self._size} rules asked, {broken} broken so far{rest}"
        print(line, file=sys.stderr, flush=True)


class RuleBar(RuleView):
    """A bar on a terminal. It is drawn by a thread: one rule may take a quarter of a minute."""

    def __init__(self, size: int, console: Console) -> None:
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("rules"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            refresh_per_second=1 / SCREEN_EVERY_S,
        )
        self._task = self._bar.add_task("0 broken", total=size)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, asked: int, broken: int) -> None:
        self._bar.update(self._task, completed=asked, description=f"{broken} broken")
