"""Everything in which the benchmark of one edition differs from that of another."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from bench.contender import Contender
from bench.results.cell import Cell
from bench.results.data import Results
from bench.results.guard import Guarded
from bench.workload import Workload
from loadtest.report.data import Report
from stack.run.limits import ControlGroups


class Budget(NamedTuple):
    rounds: int
    # No contender starts after this, even on a slow machine: a run keeps its time, and the official
    # run at its end has its own.
    max_s: float


class Direct(NamedTuple):
    """A measurement without HTTP."""

    title: str
    # Given an empty folder, whose parent lasts for the whole run.
    measure: Callable[[Path, ControlGroups], Sequence[Cell]]
    # Whether a quick run has it too.
    quick: bool = False
    # Whether each round has it, or the first one only.
    each_round: bool = False


@dataclass(frozen=True)
class Edition:
    # As loadtest knows it.
    name: str
    # Answered with 200 by every contender that is ready.
    ready_path: str
    # In the order of a round and of the tables: contenders that are compared are neighbours.
    contenders: Mapping[str, Contender]
    directs: Mapping[str, Direct]
    # Of contenders that name none.
    workloads: tuple[Workload, ...]
    warm_up: Workload | None
    official: Workload
    # Contenders that play the official run; the first also in a quick run.
    official_contenders: Sequence[str]
    full: Budget
    quick: Budget
    report: type[Report]
    # Kind and status of answers that added a row.
    added: frozenset[tuple[str, int]]
    official_figures: Callable[[Report], dict[str, float]]
    guarded: Sequence[Guarded]
    # Name of the files with the results.
    file: str
    page: Callable[[Results, Sequence[str]], str]
    # SVG by file name.
    pictures: Callable[[Results], dict[str, str]] = lambda _: {}
