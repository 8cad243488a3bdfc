"""Progress as plain lines, without a terminal or with --plain."""

import sys

from loadtest.drive.run import View
from loadtest.limits import PLAIN_LINE_EVERY_S
from loadtest.measure.tally import Tally


def passed(elapsed_s: float, duration_s: float | None) -> str:
    """Returns elapsed and planned time as text; a load may take longer than planned."""
    if duration_s is None:
        return f"{elapsed_s:.1f} s"
    if elapsed_s <= duration_s:
        return f"{elapsed_s:.1f} of {duration_s:.0f} s"
    return f"{elapsed_s:.1f} s, {duration_s:.0f} s planned"


def left(elapsed_s: float, duration_s: float | None, done: int, size: int | None) -> str:
    """Returns the time that is left, as the end of a text; nothing if nobody knows.

    A run ends by its time or by its number of requests, whichever comes first.
    """
    ends = [duration_s - elapsed_s] if duration_s is not None and elapsed_s <= duration_s else []
    if size and done:
        ends.append(max(0.0, (size - done) * elapsed_s / done))
    return f", {min(ends):.0f} s left" if ends else ""


def counted_wrong(tally: Tally) -> str:
    """Returns the counts of failed requests and of wrong answers as text."""
    wrong = f", {tally.wrong:,} answered wrongly" if tally.wrong else ""
    return f"{tally.failed:,} failed{wrong}"


class PlainLines(View):
    """One line every few seconds, for a log or a pipe."""

    def __init__(self, duration_s: float | None, size: int | None) -> None:
        self._duration_s, self._size = duration_s, size
        self._next_s = PLAIN_LINE_EVERY_S
        self._last = (0.0, 0)

    def show(self, tally: Tally, elapsed_s: float) -> None:
        if elapsed_s < self._next_s:
            return
        self._next_s += PLAIN_LINE_EVERY_S
        last_s, last_done = self._last
        self._last = (elapsed_s, tally.done)
        rate = (tally.done - last_done) / (elapsed_s - last_s)
        p50_us, p99_us = tally.answered("response").percentiles((50.0, 99.0))
        size = f" of {self._size:,}" if self._size is not None else ""
        rest = left(elapsed_s, self._duration_s, tally.done, self._size)
        line = (
            f"{passed(elapsed_s, self._duration_s):>6}{rest}  {tally.done:>9,}{size} requests  "
            f"{rate:>9,.0f}/s  p50 {p50_us / 1000:.3f} ms  p99 {p99_us / 1000:.3f} ms  "
            f"{counted_wrong(tally)}"
        )
        print(line, file=sys.stderr, flush=True)
