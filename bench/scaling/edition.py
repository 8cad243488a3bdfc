"""The benchmark of scaling: its page and its pictures."""

from collections.abc import Mapping

from bench.crebitos.edition import CREBITOS
from bench.crebitos.pictures import PARTS, by_part, rates
from bench.crebitos.plan import CAPACITY_14, OFFICIAL, STEADY_340, WARM_UP
from bench.edition import Edition
from bench.results import tables
from bench.results.data import Results
from bench.scaling.contenders import CONTENDERS, NUMBERS
from bench.scaling.plan import EVERYTHING, QUICK, ROUNDS, STATEMENTS

INTRO = """\
Written by `make bench-scaling`; [scaling.md](../scaling.md) explains the figures, and
[benchmarks.md](../benchmarks.md) the method. Each figure is the median of the rounds, in brackets
the lowest and the highest; a ratio is taken within each round. Rows without `1.5 CPU` have no
limits: nginx, the instances and the load generator share all cores. `NORMAL` has no fsync before
an answer, the others have one. `no ledger` answers every request with a constant."""
GROUPS = {
    "full": "service",
    "normal": "service",
    "constant": "ceiling",
    "limited": "other",
}
ROLES = (("service", "all cores"), ("ceiling", "no ledger"), ("other", "1.5 CPU"))
COLUMNS = (
    (CAPACITY_14, "rate", "requests/s, 14 connections"),
    (STATEMENTS, "rate", "statements/s"),
    (STEADY_340, "p99_ms", "p99 at 340/s"),
    (CAPACITY_14, "cpu_us", "CPU per request"),
)


def page(results: Results, pictures: Mapping[str, str]) -> str:
    titles = results.titles
    pairs = [
        (name, first, titles[name])
        for group in GROUPS
        for first, name in [(f"{group}_1", f"{group}_{number}") for number in NUMBERS[1:]]
        if name in titles and first in titles
    ]
    sections = [
        tables.ratio_section("Against one instance", results, pairs, COLUMNS),
        *(tables.workload_section(results, one) for one in EVERYTHING),
    ]
    return tables.document("Scaling", INTRO, results, pictures, sections)


def pictures(results: Results) -> dict[str, str]:
    """Returns SVG by file name, without pictures that would be empty."""
    drawn = {
        "scaling.svg": rates(results, CAPACITY_14, ROLES, _role_of),
        "scaling_statements.svg": rates(results, STATEMENTS, ROLES, _role_of),
        # No contender has a database.
        "scaling_cpu.svg": by_part(results, "cpu_us", "CPU per request, us", PARTS[:2]),
    }
    return {name: text for name, text in drawn.items() if text}


def _role_of(name: str) -> str:
    return GROUPS.get(name.rpartition("_")[0], "service")


SCALING = Edition(
    name=CREBITOS.name,
    ready_path=CREBITOS.ready_path,
    contenders=CONTENDERS,
    directs={},
    workloads=EVERYTHING,
    warm_up=WARM_UP,
    official=OFFICIAL,
    official_contenders=(),
    full=ROUNDS,
    quick=QUICK,
    report=CREBITOS.report,
    added=CREBITOS.added,
    official_figures=CREBITOS.official_figures,
    guarded=(),
    file="scaling",
    page=page,
    pictures=pictures,
)
