"""The results page of crebitos."""

from collections.abc import Mapping

from bench.crebitos.contenders import GROUPS
from bench.crebitos.plan import ALONE, ALONE_MODES, CAPACITY_14, EVERYTHING, STEADY_340
from bench.results import tables
from bench.results.data import Results
from bench.results.figures import figure_of, spread

SERVICE, CEILING = "rinha_normal", "constant"
INTRO = """\
Written by `{command}`; [benchmarks.md](../benchmarks.md) says what is measured and how. Each
figure is the median of the rounds, in brackets the lowest and the highest; a ratio is taken within
each round. Times are response times in ms, CPU is in us per request over all parts of a contender,
memory in MB."""
ALTERNATIVES_COLUMNS = (
    (CAPACITY_14, "rate", "requests/s, 14 connections"),
    (STEADY_340, "p99_ms", "p99 at 340/s"),
    (CAPACITY_14, "cpu_us", "CPU per request"),
)
GROWTH_COLUMNS = (
    (CAPACITY_14, "rate", "requests/s, 14 connections"),
    (CAPACITY_14, "p99_ms", "p99, 14 connections"),
    (STEADY_340, "p50_ms", "p50 at 340/s"),
    (STEADY_340, "p99_ms", "p99 at 340/s"),
)
OFFICIAL_COLUMNS = {
    "ok_percent": ("right and in time %", ".2f"),
    "paid_usd": ("paid USD", ",.2f"),
    "p50_ms": ("p50", ".2f"),
    "p99_ms": ("p99", ".2f"),
    "max_ms": ("max", ".1f"),
}


def page(results: Results, pictures: Mapping[str, str]) -> str:
    titles = results.titles
    alternatives = [
        (name, other, f"{titles[name]} to {title}")
        for other, title in titles.items()
        if other != CEILING and not other.startswith(("rinha", "ledger"))
        for name in (SERVICE, "rinha_full", "rinha_postgres")
        if name in titles
    ]
    grown = ("rinha_10m", "rinha_1m_clients")
    growth = [(name, SERVICE, titles[name]) for name in grown if name in titles]
    sections = [
        tables.contenders_section(results, GROUPS),
        *(tables.workload_section(results, one, CEILING, GROUPS) for one in EVERYTHING),
        tables.ratio_section("Against alternatives", results, alternatives, ALTERNATIVES_COLUMNS),
        tables.ratio_section("Growth", results, growth, GROWTH_COLUMNS, "to an empty ledger"),
        _ledger(results),
        tables.official_section(results, OFFICIAL_COLUMNS),
    ]
    intro = INTRO.format(command=results.command)
    return tables.document("Results", intro, results, pictures, sections)


def _ledger(results: Results) -> str:
    rows = []
    for mode in ALONE_MODES:
        name = f"ledger_{mode.lower()}"
        rate, cpu = (figure_of(results, name, ALONE, figure) for figure in ("rate", "cpu_us"))
        if rate:
            figures = (tables.in_range(rate, ",.0f"), tables.in_range(cpu, ".1f"))
            rows.append((f"{mode}, two processes", *figures))
    lines = [tables.table(("the ledger without HTTP", "requests/s", "CPU us"), rows)]
    if results.fsync_ms:
        fsync = tables.in_range(spread(results.fsync_ms), ".3f")
        lines.append(f"\nAn `fdatasync` of 4 kB on this disk takes {fsync} ms.\n")
    for name, found in results.bytes_per_transaction.items():
        if name in results.titles and any(found):
            bytes_ = tables.in_range(spread(found), ".1f")
            lines.append(f"- {results.titles[name]}: {bytes_} bytes on disk a transaction")
    return tables.section("The ledger and the disk", "\n".join(lines))
