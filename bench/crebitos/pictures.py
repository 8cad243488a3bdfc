"""The pictures of a run of crebitos, as SVG."""

from collections.abc import Callable, Sequence

from bench.contender import Workload
from bench.crebitos.plan import CAPACITY_14, STEADY_340
from bench.results.data import Results
from bench.results.figures import figure_of, parts_of
from bench.results.svg import Row, bars, legend, ranges

PERCENTILES = ("p50_ms", "p99_ms", "p99.9_ms", "max_ms")
ROLES = (("service", "this service"), ("ceiling", "its ceiling"), ("other", "alternatives"))
PARTS = (("a", "nginx"), ("b", "instances"), ("c", "database"))


def pictures(results: Results) -> dict[str, str]:
    """Returns SVG by file name, without pictures that would be empty."""
    drawn = {
        "capacity.svg": rates(results, CAPACITY_14, ROLES, _role_of),
        "latency.svg": _latency(results, STEADY_340),
        "latency_at_capacity.svg": _latency(results, CAPACITY_14),
        "cpu.svg": by_part(results, "cpu_us", "CPU per request, us"),
        "memory.svg": by_part(results, "memory_mb", "Memory, MB"),
    }
    return {name: text for name, text in drawn.items() if text}


def rates(
    results: Results,
    workload: Workload,
    roles: Sequence[tuple[str, str]],
    role_of: Callable[[str], str],
) -> str:
    """Draws the requests/s of each contender, in the colour of its role."""
    rows = []
    for name, title in results.titles.items():
        rate = figure_of(results, name, workload.name, "rate")
        if rate:
            whisker = (rate.lowest, rate.highest)
            rows.append(Row(title, [(role_of(name), rate.median)], whisker))
    hint = f"{legend(roles)}      median of the rounds, and from the lowest to the highest"
    return bars(f"Requests/s, {workload.title}", hint, rows)


def _latency(results: Results, workload: Workload) -> str:
    rows = []
    for name, title in results.titles.items():
        spreads = [figure_of(results, name, workload.name, one) for one in PERCENTILES]
        values = [(_role_of(name), one.median) for one in spreads if one]
        if values:
            rows.append(Row(title, values))
    hint = f"{legend(ROLES)}      dots, shrinking: p50, p99, p99.9, max; in figures p50 / p99"
    return ranges(f"Response time, {workload.title}", hint, rows)


def by_part(
    results: Results, kind: str, title: str, parts: Sequence[tuple[str, str]] = PARTS
) -> str:
    """Draws a figure at capacity, divided among the parts of each contender."""
    rows = []
    for name, title_of_row in results.titles.items():
        found = parts_of(results, name, CAPACITY_14.name, kind)
        sums = dict.fromkeys((style for style, _ in parts), 0.0)
        for part, value in found.items():
            sums[_style_of(part)] += value
        if found:
            rows.append(Row(title_of_row, [*sums.items()]))
    return bars(f"{title}, {CAPACITY_14.title}", legend(parts), rows)


def _role_of(name: str) -> str:
    if name.startswith("rinha"):
        return "service"
    return "ceiling" if name == "constant" else "other"


def _style_of(part: str) -> str:
    if part == "nginx":
        return "a"
    return "b" if part.startswith("api") else "c"
