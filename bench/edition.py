"""Edition: the contenders, workloads and page by which the benchmarks of editions differ."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple, Self

from bench.contender import Contender, Workload
from bench.results.data import Cell, Results
from bench.results.guard import Guarded
from loadtest.report.data import Report
from stack.run.limits import ControlGroups

# Rounds of a run of chosen contenders: the fewest that show a spread.
CHOSEN_ROUNDS = 3


class UnknownContenderError(Exception):
    """A name that no contender has; the text says which names there are."""


class Budget(NamedTuple):
    rounds: int
    # No contender starts after this, so that a run of the edition's contenders ends in time even on
    # a slow machine. It does not include the official run at the end.
    max_s: float


class Direct(NamedTuple):
    """A measurement without HTTP."""

    title: str
    # Takes an empty folder, whose parent lasts for the whole run.
    measure: Callable[[Path, ControlGroups], Sequence[Cell]]
    # Whether each round includes it, also of a quick run, or only the first of a full run.
    each_round: bool = False


@dataclass(frozen=True)
class Edition:
    # A value of loadtest's --edition.
    name: str
    # A contender that is ready answers this path with 200.
    ready_path: str
    # In the order of a round and of the tables: compared contenders are neighbours.
    contenders: Mapping[str, Contender]
    directs: Mapping[str, Direct]
    # The workloads of contenders that name none.
    workloads: tuple[Workload, ...]
    warm_up: Workload | None
    official: Workload
    # Contenders that get the official run; the first one also in a quick run.
    official_contenders: Sequence[str]
    full: Budget
    quick: Budget
    report: type[Report]
    # Type and status of the answers that add a row.
    added: frozenset[tuple[str, int]]
    official_figures: Callable[[Report], dict[str, float]]
    guarded: Sequence[Guarded]
    # File name of the results, without extension.
    file: str
    # Gets the pictures by file name.
    page: Callable[[Results, Mapping[str, str]], str]
    # SVG by file name.
    pictures: Callable[[Results], dict[str, str]] = lambda _: {}
    # The command of loadtest and its options that check the contest's rules.
    check: tuple[str, ...] = ("check",)
    # The contenders of each group of the page, in its order.
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    # Names of several contenders that are chosen together.
    sets: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def only(self, text: str) -> Self:
        """Returns the edition with these contenders alone: a list of names with commas, or a set.

        The results go into a file of their own, named after the set, or `only`.
        """
        asked = [name.strip() for name in text.split(",")]
        names = {one for name in asked for one in self.sets.get(name, (name,))}
        if unknown := sorted(names - self.contenders.keys()):
            sets = f"; sets: {', '.join(self.sets)}" if self.sets else ""
            raise UnknownContenderError(
                f"ONLY: no contender is called {', '.join(map(repr, unknown))}; "
                f"there are {', '.join(self.contenders)}{sets}"
            )
        quick = [one for one in self.contenders.values() if one.quick]
        return replace(
            self,
            contenders={name: one for name, one in self.contenders.items() if name in names},
            directs={},
            official_contenders=(),
            full=Budget(CHOSEN_ROUNDS, self.full.max_s * len(names) / len(self.contenders)),
            quick=Budget(CHOSEN_ROUNDS, self.quick.max_s * len(names) / len(quick)),
            guarded=[one for one in self.guarded if {one.contender, one.reference} <= names],
            file=asked[0] if asked[0] in self.sets and len(asked) == 1 else "only",
        )
