"""The results page of pessoas."""

from collections.abc import Mapping

from bench.pessoas.plan import DETAILS, MAIN, PEAK, SEARCHES
from bench.pessoas.searches import INSERTS, SEARCH
from bench.results import tables
from bench.results.data import Results
from bench.results.figures import by_round

SERVICE, GROWN = "rinha_pessoas", "rinha_2m_pessoas"
INTRO = """\
Written by `make bench EDITION=pessoas`; [pessoas.md](../pessoas.md) says what this edition is. Each
figure is the median of the rounds, in brackets the lowest and the highest. Times are response times
in ms, CPU is in us per request over all parts of a contender, memory in MB. All contenders stand
behind the same nginx.conf under the arena's 1.5 CPU; [benchmarks.md](../benchmarks.md) says what a
contender is and how it is measured."""
WITHOUT_HTTP = """\
One process, us of CPU, mean / p99 / highest. *Service* is a whole search without HTTP: it reads new
rows, searches, and reads the rows found. *One text* only searches; FTS5 has its index ready, and
finds terms of three letters or more; LIKE folds ASCII only."""
OFFICIAL_COLUMNS = {
    "expected": ("expected", ",.0f"),
    "acknowledged": ("acknowledged", ",.0f"),
    "stored": ("stored", ",.0f"),
    "failures": ("failed", ",.0f"),
    "p50_ms": ("p50", ".2f"),
    "p99_ms": ("p99", ".2f"),
    "max_ms": ("max", ".2f"),
    "cpus": ("CPUs used", ".2f"),
    "memory_mb": ("memory MB", ",.0f"),
}
GROWTH_COLUMNS = (
    (DETAILS, "rate", "details/s, 14 connections"),
    (SEARCHES, "rate", "searches/s, 14 connections"),
    (PEAK, "p50_ms", "p50 at 1,300/s"),
    (PEAK, "p99_ms", "p99 at 1,300/s"),
)


def page(results: Results, pictures: Mapping[str, str]) -> str:
    sections = [
        tables.official_section(results, OFFICIAL_COLUMNS),
        tables.contenders_section(results, {}),
        *(tables.workload_section(results, one) for one in MAIN),
        _growth(results),
        _searches(results),
        _inserts(results),
    ]
    return tables.document("Results: pessoas", INTRO, results, pictures, sections)


def _growth(results: Results) -> str:
    pairs = [(GROWN, SERVICE, results.titles[GROWN])] if GROWN in results.titles else []
    text = tables.ratio_section("Growth", results, pairs, GROWTH_COLUMNS, "to 46,500 people")
    ready_s = by_round(results, GROWN, DETAILS.name, "ready_s").values()
    seconds = ", ".join(f"{one:.1f}" for one in ready_s)
    return f"{text}\n\nWith two million people a start takes {seconds} s." if seconds else text


def _searches(results: Results) -> str:
    cells = [cell for cell in results.cells if cell.contender.startswith(SEARCH)]
    found = {
        (cell.workload, cell.contender): " / ".join(
            f"{cell.figures[name]:,.0f}" for name in ("cpu_us", "p99_us", "max_us")
        )
        for cell in cells
    }
    ways = dict.fromkeys(cell.contender for cell in cells)
    terms = dict.fromkeys(cell.workload for cell in cells)
    rows = [(one, *(found.get((one, way), "-") for way in ways)) for one in terms]
    text = tables.table(("", *(way.removeprefix(SEARCH) for way in ways)), rows)
    return tables.section("A search without HTTP", f"{WITHOUT_HTTP}\n\n{text}" if rows else "")


def _inserts(results: Results) -> str:
    rows = [
        (cell.workload, f"{cell.figures['cpu_us']:,.1f}", f"{cell.figures['p99_us']:,.0f}")
        for cell in results.cells
        if cell.contender == INSERTS
    ]
    return tables.section("An insert without HTTP", tables.table(("", "CPU us", "p99 us"), rows))
