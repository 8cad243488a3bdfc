"""Results as a run could have found them."""

from bench.results.cell import Cell
from bench.results.data import Results


def results_of(rates: dict[str, list[float]], thrown_out: tuple[str, int] = ("", 0)) -> Results:
    """Of capacity_14, by stack and round; one cell may be thrown out."""
    titles = {stack: f"the stack {stack}" for stack in rates}
    results = Results(quick=True, origin={"date": "today"}, versions={}, titles=titles)
    for stack, by_round in rates.items():
        for round_, rate in enumerate(by_round):
            figures = {"rate": rate, "p50_ms": 1.0, "p99_ms": 2.0, "p99.9_ms": 3.0, "max_ms": 4.0}
            figures |= {"cpu_us": 1e6 / rate, "memory_mb": 60.0, "failures": 0}
            parts = {"nginx": 10.0, "api01": 20.0, "postgres": 30.0}
            why = "other programs" if (stack, round_) == thrown_out else None
            cell = Cell(stack, "capacity_14", round_, figures, parts, parts, why)
            results.cells.append(cell)
    return results
