"""The benchmark of proxies: its page and its picture."""

from collections.abc import Mapping

from bench.crebitos.edition import CREBITOS
from bench.crebitos.pictures import rates
from bench.crebitos.plan import CAPACITY_14, CAPACITY_64, OFFICIAL, STEADY_340, WARM_UP
from bench.edition import Edition
from bench.proxies.contenders import CONTENDERS
from bench.proxies.plan import EVERYTHING, QUICK, ROUNDS, STATEMENTS
from bench.results import tables
from bench.results.data import Results

INTRO = """\
Written by `make bench-proxies`; [left-out.md](../left-out.md) explains the figures, and
[benchmarks.md](../benchmarks.md) the method. Each figure is the median of the rounds, in brackets
the lowest and the highest; a ratio is taken within each round. Every proxy has the 0.52 CPU of
nginx, in front of the same two instances with `NORMAL`."""
ROLES = (("service", "this service"), ("ceiling", "no ledger"))
COLUMNS = (
    (CAPACITY_14, "rate", "requests/s, 14 connections"),
    (CAPACITY_14, "p99_ms", "p99, 14 connections"),
    (CAPACITY_64, "rate", "requests/s, 64 connections"),
    (CAPACITY_64, "p99_ms", "p99, 64 connections"),
    (CAPACITY_14, "cpu_us", "CPU per request"),
)
STATEMENT_COLUMNS = (
    (STATEMENTS, "rate", "statements/s"),
    (STATEMENTS, "p99_ms", "p99"),
    (STATEMENTS, "cpu_us", "CPU per statement"),
)
STEADY_COLUMNS = ((STEADY_340, "p50_ms", "p50"), (STEADY_340, "p99_ms", "p99"))


def page(results: Results, pictures: Mapping[str, str]) -> str:
    titles = results.titles
    proxies = [
        (name, "nginx", titles[name])
        for name in ("nginx_gzip", "haproxy", "caddy")
        if name in titles
    ]
    servers = [("asyncio", "constant", titles["asyncio"])] if "asyncio" in titles else []
    sections = [
        tables.ratio_section("Against nginx, as shipped", results, proxies, COLUMNS),
        tables.ratio_section(
            "Statements, against nginx, as shipped", results, proxies, STATEMENT_COLUMNS
        ),
        tables.ratio_section("340/s, against nginx, as shipped", results, proxies, STEADY_COLUMNS),
        tables.ratio_section("asyncio, against bjoern", results, servers, COLUMNS),
        *(tables.workload_section(results, one) for one in EVERYTHING),
    ]
    return tables.document("Proxies", INTRO, results, pictures, sections)


def pictures(results: Results) -> dict[str, str]:
    """Returns SVG by file name, without pictures that would be empty."""
    drawn = rates(results, CAPACITY_14, ROLES, _role_of)
    return {"proxies.svg": drawn} if drawn else {}


def _role_of(name: str) -> str:
    return "ceiling" if name in ("constant", "asyncio") else "service"


PROXIES = Edition(
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
    file="proxies",
    page=page,
    pictures=pictures,
)
