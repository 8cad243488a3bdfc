"""Medians, spreads and ratios of cells."""

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from bench.results.data import Results


class Spread(NamedTuple):
    """Median and range of a figure over the rounds."""

    median: float
    lowest: float
    highest: float
    rounds: int

    @property
    def noise(self) -> float:
        """Half of the range of the rounds, relative to their median."""
        return (self.highest - self.lowest) / 2 / self.median if self.median else 0.0


def spread(values: Sequence[float]) -> Spread | None:
    return Spread(median(values), min(values), max(values), len(values)) if values else None


def by_round(results: Results, contender: str, workload: str, figure: str) -> dict[int, float]:
    """Returns the figure of each round, without measurements that were thrown out."""
    return {
        cell.round: cell.figures[figure]
        for cell in results.cells
        if (cell.contender, cell.workload) == (contender, workload)
        and not cell.thrown_out
        and figure in cell.figures
    }


def figure_of(results: Results, contender: str, workload: str, figure: str) -> Spread | None:
    return spread(list(by_round(results, contender, workload, figure).values()))


def ratio_of(
    results: Results, contender: str, other: str, workload: str, figure: str
) -> Spread | None:
    """Returns the ratio within each round, so that a drift of the machine cancels out."""
    values, others = (by_round(results, name, workload, figure) for name in (contender, other))
    return spread([values[round_] / others[round_] for round_ in values if others.get(round_)])


def parts_of(results: Results, contender: str, workload: str, kind: str) -> dict[str, float]:
    """Returns the medians of `cpu_us` or `memory_mb` by part of the contender."""
    rounds: dict[str, list[float]] = {}
    for cell in results.cells:
        if (cell.contender, cell.workload) == (contender, workload) and not cell.thrown_out:
            parts: dict[str, float] = getattr(cell, kind)
            for part, value in parts.items():
                rounds.setdefault(part, []).append(value)
    return {part: median(values) for part, values in rounds.items()}
