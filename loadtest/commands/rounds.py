"""Repeats a command in rounds, of one target or of two interleaved ones, and sums them up."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from random import SystemRandom

from loadtest.commands.output import deliver, finish
from loadtest.drive.run import View
from loadtest.limits import ROUNDS_OF_A_PAIR
from loadtest.report.data import Report
from loadtest.report.judgement import EXIT_STOPPED
from loadtest.report.sets.data import RUNS_A_ROUND, TURNS, ReportSet
from loadtest.report.sets.html import write_set_html
from loadtest.report.sets.text import print_set, round_line
from loadtest.wire.outcome import one_line
from loadtest.wire.request import Address

SEEDS = 2**31
# One run with the arguments that it gets, which differ from run to run by `url` and `seed`.
Once = Callable[[argparse.Namespace], tuple[Report, View | None]]


def seed_of(asked: argparse.Namespace) -> int:
    """Returns the seed that was asked for, or draws one."""
    return SystemRandom().randrange(SEEDS) if asked.seed is None else int(asked.seed)


class StoppedError(Exception):
    """The user ended a run before its end, and with it the series."""

    def __init__(self, report: Report, view: View | None) -> None:
        super().__init__()
        self.report, self.view = report, view
        self.by_key = view is not None and view.quit_by_key


def in_rounds(asked: argparse.Namespace, once: Once) -> int:
    """Does a command as often as --rounds and --pair say, and returns its exit code.

    If the series ends early, its complete rounds are summed up all the same.
    """
    other: Address | None = getattr(asked, "pair", None)
    rounds = asked.rounds or (ROUNDS_OF_A_PAIR if other else 1)
    if rounds == 1 and other is None:
        return finish(asked, *once(asked))
    series, stopped = _Series(asked, once, rounds, other), False
    try:
        series.drive()
    except StoppedError as early:
        if not series.reports:
            return finish(asked, early.report, early.view)
        stopped = not early.by_key
    except KeyboardInterrupt:
        if not series.reports:
            raise
        stopped = True
    finally:
        if series.reports:
            code = _finish_set(asked, series.done())
    return EXIT_STOPPED if stopped else code


@dataclass(slots=True)
class _Series:
    """A series of runs; it keeps the reports of complete rounds."""

    asked: argparse.Namespace
    once: Once
    rounds: int
    other: Address | None
    reports: list[Report] = field(default_factory=list)

    def done(self) -> ReportSet[Report]:
        rounds = len(self.reports) // RUNS_A_ROUND if self.other else 0
        order = "".join(TURNS[number % len(TURNS)] for number in range(rounds))
        return ReportSet(order=order, reports=self.reports)

    def drive(self) -> None:
        seed = seed_of(self.asked)
        for side in "AB" if self.other else "":
            # The first run after a start is never like the others.
            self._run(side, seed, f"{side}, to warm up, not counted")
        for number in range(self.rounds):
            turns = TURNS[number % len(TURNS)] if self.other else ""
            name = f"round {number + 1} of {self.rounds}"
            self.reports += [
                self._run(side, (seed + number) % SEEDS, f"{name}{', ' if side else ''}{side}")
                for side in turns or [""]
            ]

    def _run(self, side: str, seed: int, name: str) -> Report:
        changed = {"seed": seed, "url": self.other} if side == "B" else {"seed": seed}
        report, view = self.once(argparse.Namespace(**{**vars(self.asked), **changed}))
        if report.load is not None and report.load.interrupted:
            raise StoppedError(report, view)
        print(one_line(f"{name}: {round_line(report)}"), file=sys.stderr, flush=True)
        return report


def _finish_set(asked: argparse.Namespace, done: ReportSet[Report]) -> int:
    """Writes the files, prints the statement, and returns the exit code of the worst round."""
    deliver(asked, done, write_set_html, partial(print_set, done))
    return done.worst.verdict.exit_code
