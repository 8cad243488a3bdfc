"""Results that a run could have had."""

from bench.results.data import Cell, Results


def results_of(rates: dict[str, list[float]], thrown_out: tuple[str, int] = ("", 0)) -> Results:
    """Rates under capacity_14 by contender and round; one cell may be thrown out."""
    titles = {name: f"the {name}" for name in rates}
    results = Results(quick=True, origin={"date": "today"}, versions={}, titles=titles)
    for name, by_round in rates.items():
        for round_, rate in enumerate(by_round):
            figures = {"rate": rate, "p50_ms": 1.0, "p99_ms": 2.0, "p99.9_ms": 3.0, "max_ms": 4.0}
            figures |= {"cpu_us": 1e6 / rate, "memory_mb": 60.0, "failures": 0}
            parts = {"nginx": 10.0, "api01": 20.0, "postgres": 30.0}
            why = "other programs" if (name, round_) == thrown_out else None
            results.cells.append(Cell(name, "capacity_14", round_, figures, parts, parts, why))
    return results
