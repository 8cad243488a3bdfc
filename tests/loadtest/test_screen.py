"""The live screen, drawn into a string and on a pseudo-terminal."""

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from loadtest.crebitos.mix import CREDIT, DEBIT, KINDS
from loadtest.measure.histogram import Histogram
from loadtest.measure.recorder import Counts, Example, Times
from loadtest.measure.tally import Tally, WorkerSecond
from loadtest.report.screen import BARS, Screen, bars
from ops import watch
from tests.loadtest.command import ROOT
from tests.loadtest.conftest import Serve


def counted() -> Tally:
    tally, thirty, ten = Tally(KINDS), Histogram({400: 30}), Histogram({900: 10})
    for second in range(3):
        counts = Counts(
            times=[Times.of(DEBIT, 200, thirty, thirty), Times.of(CREDIT, 500, ten, ten)],
            late=Histogram({3: 40}),
            examples=[Example("credits: 500", "curl", "oh no\n\x1b[31mred")],
            sent=40,
        )
        tally.add(WorkerSecond(second, second + 1.0, 0.2, 0.1, counts))
    return tally


def test_the_screen_shows_progress_types_outcomes_and_an_example() -> None:
    """One page shows progress, types, outcomes and an example."""
    console = Console(file=StringIO(), width=120, height=40)
    console.print(Screen("the title", 10.0, None, 340.0, console).page(counted(), 3.0))
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    for words in ("the title", "3.0 of 10 s", "120 requests", "of 340/s wanted", "30 failed"):
        assert words in shown
    for words in ("debits", "credits", "500", "oh no", "generator", "0.400", "█"):
        assert words in shown
    assert "\x1b[31m" not in shown, "an answer steers the terminal"


def test_an_empty_run_can_be_drawn() -> None:
    """The screen can be drawn before the first answer."""
    console = Console(file=StringIO(), width=80)
    console.print(Screen("t", None, 100, None, console).page(Tally(KINDS), 0.0))
    assert "0 of 100 requests" in console.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize("draw", [bars, watch.bars], ids=["judge", "operator"])
@given(st.lists(st.floats(min_value=0, max_value=1e9), max_size=80))
def test_bars_are_as_many_as_values_and_the_highest_is_full(
    draw: Callable[[list[float]], str], values: list[float]
) -> None:
    """A chart has one bar for each value, and the highest value has a full bar."""
    drawn = draw(values)
    assert len(drawn) == len(values)
    assert not any(value > 0 for value in values) or drawn[values.index(max(values))] == BARS[-1]


@pytest.mark.parametrize(
    ("typed", "ends"),
    [
        *((b"q", True), (b"Q", True), (b"\x1b", True), (b"xq", True), (b"\x1b[A\x1bOBq", True)),
        *((b"\x1b[A\x1b[B", False), (b"\x1bOq", False)),
    ],
)
def test_only_q_and_escape_end_the_run(
    monkeypatch: pytest.MonkeyPatch, typed: bytes, ends: bool
) -> None:
    """An arrow or a special key does not end a run of four minutes, and hides no q after it."""
    ours, theirs = pty.openpty()
    monkeypatch.setattr("loadtest.report.screen._is_in_foreground", lambda: True)
    with open(theirs) as terminal:  # noqa: PTH123 - a descriptor
        monkeypatch.setattr(sys, "stdin", terminal)
        with Screen("a run", None, None, None, Console(file=StringIO())) as screen:
            os.write(ours, typed)
            assert select.select([terminal], [], [], 10)[0]
            assert (screen.wants_to_quit() or screen.wants_to_quit()) == ends
    os.close(ours)


def test_a_key_ends_the_run_on_a_terminal(serve: Serve) -> None:
    """`q` ends a run of a minute at once, and the report is printed."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "loadtest", "run", f"127.0.0.1:{serve()}", "-d", "60"]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120", "LINES": "40"}
    environment.pop("NO_COLOR", None)
    running = subprocess.Popen(
        command, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    )
    os.close(theirs)
    seen, started = b"", time.monotonic()
    pressed = False
    while running.poll() is None and time.monotonic() - started < 30:
        if select.select([ours], [], [], 0.1)[0]:
            try:
                seen += os.read(ours, 65_536)
            except OSError:
                break
        if not pressed and b"q ends the run" in seen:
            time.sleep(1.5)
            os.write(ours, b"q")
            pressed = True
    running.wait(timeout=10)
    os.close(ours)
    assert pressed
    assert time.monotonic() - started < 30
    assert b"stopped early" in seen
    assert b"\x1b[" in seen
