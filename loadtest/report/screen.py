"""The live terminal screen, drawn by the process that sends no requests."""

import os
import re
import select
import sys
import termios
import tty
from typing import Any, Self

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from loadtest.drive.run import View
from loadtest.limits import (
    CELL_CHARACTERS_MAX,
    GENERATOR_BUSY_MAX,
    SCREEN_EVERY_S,
    SEND_LATE_P99_MAX_US,
)
from loadtest.measure.tally import SecondCounts, Tally
from loadtest.report.progress import counted_wrong, left, passed
from loadtest.wire.outcome import one_line

BARS = " ▁▂▃▄▅▆▇█"
CHART_SECONDS = 60
ESCAPE = b"\x1b"
# What an arrow, another special key or a mouse wheel sends.
SPECIAL_KEY = re.compile(rb"\x1b[\[O][0-?]*[ -/]*[@-~]")
# More than a person types between two looks.
KEYS_MAX_BYTES = 1024


class Screen(View):
    """Progress, rates, latencies, outcomes, an example of what failed, the generator's health."""

    def __init__(
        self,
        title: str,
        duration_s: float | None,
        size: int | None,
        wanted_rate: float | None,
        console: Console,
    ) -> None:
        self._title = title
        self._duration_s, self._size, self._wanted_rate = duration_s, size, wanted_rate
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._next_s = 0.0
        self._terminal: list[Any] | None = None

    def __enter__(self) -> Self:
        if sys.stdin.isatty() and _is_in_foreground():
            # In this mode each key arrives at once, and Ctrl-C still sends SIGINT.
            self._terminal = termios.tcgetattr(sys.stdin)
            tty.setcbreak(sys.stdin)
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()
        if self._terminal is not None:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._terminal)

    def wants_to_quit(self) -> bool:
        if self._terminal is None or not select.select([sys.stdin], [], [], 0)[0]:
            return False
        # Not from sys.stdin, whose buffer would hide further keys from select.
        typed = SPECIAL_KEY.sub(b"", os.read(sys.stdin.fileno(), KEYS_MAX_BYTES))
        self.quit_by_key = self.quit_by_key or typed == ESCAPE or b"q" in typed.lower()
        return self.quit_by_key

    def show(self, tally: Tally, elapsed_s: float) -> None:
        if elapsed_s >= self._next_s:
            self._next_s = elapsed_s + SCREEN_EVERY_S
            self._live.update(self.page(tally, elapsed_s), refresh=True)

    def page(self, tally: Tally, elapsed_s: float) -> RenderableType:
        """Returns the whole screen for one moment."""
        parts: list[RenderableType] = [
            Text(self._title, style="bold"),
            self._progress(tally, elapsed_s),
            Columns([_rate_panel(tally), _p99_panel(tally)], expand=True),
            Columns([_latency_panel(tally), _outcome_panel(tally)], expand=True),
            _health_line(tally),
        ]
        if tally.examples:
            example = tally.examples[-1]
            answer = one_line(example.answer)[:CELL_CHARACTERS_MAX] or "(nothing)"
            text = Text(f"{one_line(example.what)}\n{answer}", style="red")
            parts.append(Panel(text, title="failing", title_align="left"))
        parts.append(Text("q ends the run early, with its report", style="dim"))
        return Group(*parts)

    def _progress(self, tally: Tally, elapsed_s: float) -> RenderableType:
        by_time = elapsed_s / self._duration_s if self._duration_s else 0.0
        by_size = tally.done / self._size if self._size else 0.0
        done = min(1.0, max(by_time, by_size))
        of_size = f" of {self._size:,}" if self._size else ""
        rate = f"{_rate(tally):,.0f}/s"
        if self._wanted_rate:
            rate += f" of {self._wanted_rate:,.0f}/s wanted"
        grid = Table.grid(padding=(0, 2), expand=True)
        grid.add_column(ratio=1)
        grid.add_column()
        rest = left(elapsed_s, self._duration_s, tally.done, self._size)
        text = Text(
            f"{passed(elapsed_s, self._duration_s)}{rest}   "
            f"{tally.done:,}{of_size} requests   {rate}"
        )
        bad = tally.failed or tally.wrong
        failed = Text(f"   {counted_wrong(tally)}", style="red" if bad else "green")
        grid.add_row(ProgressBar(total=1.0, completed=done), text + failed)
        return grid


def _is_in_foreground() -> bool:
    """Returns whether keys are for this process: the terminal stops a job of the background."""
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except OSError:
        # It does not control this process, so it does not stop it either.
        return True


def _full_seconds(tally: Tally) -> list[SecondCounts]:
    """Returns the finished seconds of the last minute."""
    numbers = sorted(tally.seconds)[-CHART_SECONDS:]
    return [tally.seconds[number] for number in numbers]


def _rate(tally: Tally) -> float:
    seconds = _full_seconds(tally)
    return float(seconds[-1].answers) if seconds else 0.0


def bars(values: list[float]) -> str:
    """Returns a line of small bars; the highest value has a full one."""
    highest = max(values, default=0.0)
    if highest <= 0:
        return " " * len(values)
    steps = len(BARS) - 1
    return "".join(BARS[round(value / highest * steps)] for value in values)


def _rate_panel(tally: Tally) -> Panel:
    values = [float(second.answers) for second in _full_seconds(tally)]
    return _chart_panel("answers a second", values, "{:,.0f}/s now, {:,.0f}/s best")


def _p99_panel(tally: Tally) -> Panel:
    values = [second.response.percentile(99.0) / 1000 for second in _full_seconds(tally)]
    return _chart_panel("response time p99 by second", values, "{:.3f} ms now, {:.3f} ms worst")


def _chart_panel(title: str, values: list[float], newest_and_highest: str) -> Panel:
    named = newest_and_highest.format(values[-1], max(values)) if values else ""
    text = Text(f"{bars(values)}\n", style="cyan") + Text(named, style="default")
    return Panel(text, title=title, title_align="left")


def _latency_panel(tally: Tally) -> Panel:
    table = Table.grid(padding=(0, 2))
    table.add_row("", *(Text(name, style="bold") for name in ("p50", "p90", "p99", "p99.9", "max")))
    rows = [("response", tally.answered("response")), ("service", tally.answered("service"))]
    by_kind = [(kind.name, tally.answered("response", kind.name)) for kind in tally.kinds]
    for name, histogram in [*rows, *(row for row in by_kind if row[1].total)]:
        figures = histogram.figures_us()
        chosen = (figures[key] / 1000 for key in ("p50", "p90", "p99", "p99.9", "max"))
        table.add_row(name, *(f"{ms:.3f}" for ms in chosen))
    return Panel(table, title="latency ms, response times by type", title_align="left")


def _outcome_panel(tally: Tally) -> Panel:
    table = Table.grid(padding=(0, 2))
    for times in tally.outcomes():
        outcome = Text(times.outcome, style="green" if times.fine else "red")
        table.add_row(times.kind, outcome, f"{times.count:,}")
    return Panel(table, title="outcomes", title_align="left")


def _health_line(tally: Tally) -> Text:
    seconds = _full_seconds(tally)
    busy = seconds[-1].cpu_s - seconds[-1].spun_s if seconds else 0.0
    late_us = tally.late.percentile(99.0)
    unfit = busy > GENERATOR_BUSY_MAX or late_us > SEND_LATE_P99_MAX_US
    style = "yellow" if unfit else "dim"
    return Text(f"generator: {busy:.0%} of a core, sent {late_us} us late at p99", style=style)
