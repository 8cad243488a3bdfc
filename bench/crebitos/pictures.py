"""The pictures of a run of crebitos, as SVG."""

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
        "capacity.svg": _capacity(results),
        "latency.svg": _latency(results, STEADY_340),
        "latency_at_capacity.svg": _latency(results, CAPACITY_14),
        "cpu.svg": _by_part(results, "cpu_us", "CPU per request, us"),
        "memory.svg": _by_part(results, "memory_mb", "Memory, MB"),
    }
    return {name: text for name, text in drawn.items() if text}


def _capacity(results: Results) -> str:
    rows = []
    for name, title in results.titles.items():
        rate = figure_of(results, name, CAPACITY_14.name, "rate")
        if rate:
            whisker = (rate.lowest, rate.highest)
            rows.append(Row(title, [(_role_of(name), rate.median)], whisker))
    hint = f"{legend(ROLES)}      median of the rounds, and from the lowest to the highest"
    return bars(f"Requests/s, {CAPACITY_14.title}", hint, rows)


def _latency(results: Results, workload: Workload) -> str:
    rows = []
    for name, title in results.titles.items():
        spreads = [figure_of(results, name, workload.name, one) for one in PERCENTILES]
        values = [(_role_of(name), one.median) for one in spreads if one]
        if values:
            rows.append(Row(title, values))
    hint = f"{legend(ROLES)}      dots, shrinking: p50, p99, p99.9, max; in figures p50 / p99"
    return ranges(f"Response time, {workload.title}", hint, rows)


def _by_part(results: Results, kind: str, title: str) -> str:
    rows = []
    for name, title_of_row in results.titles.items():
        found = parts_of(results, name, CAPACITY_14.name, kind)
        sums = dict.fromkeys((style for style, _ in PARTS), 0.0)
        for part, value in found.items():
            sums[style_of(part)] += value
        if found:
            rows.append(Row(title_of_row, [*sums.items()]))
    return bars(f"{title}, {CAPACITY_14.title}", legend(PARTS), rows)


def _role_of(name: str) -> str:
    if name.startswith("rinha"):
        return "service"
    return "ceiling" if name == "constant" else "other"


def style_of(part: str) -> str:
    if part == "nginx":
        return "a"
    return "b" if part.startswith("api") else "c"
