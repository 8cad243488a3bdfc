"""Simulated rounds: figures of simulated runs, on a machine whose speed drifts between the runs.

The drift has a random part that neighbouring runs share, and a trend. Two equal servers are two
processes, which differ by a little as long as they live.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from loadtest.report.data import Load
from loadtest.report.sets.data import TURNS
from loadtest.report.sets.difference import Round
from loadtest.report.sets.figures import Figures, figures_of, kind_of
from tests.help.simulated_runs import simulated_report

DRIFT = 0.02  # standard deviation of the change of the machine's speed from run to run
DRIFT_KEPT = 0.7  # share of the drift that the next run has too
TREND = 0.003  # standard deviation of the machine's change in each run, all in one direction
PROCESSES = 0.005  # standard deviation of the difference between two processes of one program


def figures_of_loads(loads: Sequence[Load]) -> list[Figures]:
    return [figures_of(simulated_report(load=load)) for load in loads]


@dataclass
class Machine:
    """A machine that runs loads one after another; each draws one of the runs of a service."""

    random: Random
    runs: Sequence[Figures]

    def __post_init__(self) -> None:
        self._drift, self._trend = self.random.gauss(0, DRIFT), 0.0
        self._step = self.random.gauss(0, TREND)

    def run(self, slower: float) -> Figures:
        self._drift = DRIFT_KEPT * self._drift + self.random.gauss(0, DRIFT)
        self._trend += self._step
        factor = slower * math.exp(self._drift + self._trend)
        return {
            name: value / factor if kind_of(name).more_is_better else value * factor
            for name, value in self.random.choice(self.runs).items()
        }

    def process(self, slower: float) -> float:
        """Starts a process of a program that is so much slower; returns its own slowness."""
        return slower * math.exp(self.random.gauss(0, PROCESSES))


def simulated_pair(machine: Machine, rounds: int, slower: float = 1.0) -> list[Round]:
    """Returns the rounds of two interleaved targets; the second is slower by this factor."""
    speeds = {"A": machine.process(1.0), "B": machine.process(slower)}
    return [
        Round(turns[0], [machine.run(speeds[side]) for side in turns])
        for turns in (TURNS[number % len(TURNS)] for number in range(rounds))
    ]


def simulated_sets(
    machine: Machine, rounds: int, slower: float = 1.0
) -> tuple[list[Figures], list[Figures]]:
    """Returns the rounds of one target, and then those of another that is slower."""
    speeds = machine.process(1.0), machine.process(slower)
    before, after = ([machine.run(speed) for _ in range(rounds)] for speed in speeds)
    return before, after
