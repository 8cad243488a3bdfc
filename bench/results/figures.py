"""From cells to medians, spreads and ratios."""

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from bench.results.data import Results


class Spread(NamedTuple):
    """What the rounds say together."""

    median: float
    lowest: float
    highest: float
    rounds: int

    @property
    def noise(self) -> float:
        """Half of what the rounds differ by, as a share of their median."""
        return (self.highest - self.lowest) / 2 / self.median if self.median else 0.0


def spread(values: Sequence[float]) -> Spread | None:
    if not values:
        return None
    return Spread(median(values), min(values), max(values), len(values))


def by_round(results: Results, stack: str, work: str, figure: str) -> dict[int, float]:
    """Only rounds that were not thrown out."""
    return {
        cell.round: cell.figures[figure]
        for cell in results.cells
        if (cell.stack, cell.work) == (stack, work)
        and not cell.thrown_out
        and figure in cell.figures
    }


def figure_of(results: Results, stack: str, work: str, figure: str) -> Spread | None:
    return spread(list(by_round(results, stack, work, figure).values()))


def ratio_of(results: Results, stack: str, other: str, work: str, figure: str) -> Spread | None:
    """Of neighbours in the same round, so that a machine that drifts cannot move it."""
    ours, theirs = (by_round(results, name, work, figure) for name in (stack, other))
    return spread([ours[round_] / theirs[round_] for round_ in ours if theirs.get(round_)])


def parts_of(results: Results, stack: str, work: str, kind: str) -> dict[str, float]:
    """The medians of `cpu_us` or `memory_mb` by part of the stack."""
    rounds: dict[str, list[float]] = {}
    for cell in results.cells:
        if (cell.stack, cell.work) == (stack, work) and not cell.thrown_out:
            parts: dict[str, float] = getattr(cell, kind)
            for part, value in parts.items():
                rounds.setdefault(part, []).append(value)
    return {part: median(values) for part, values in rounds.items()}
