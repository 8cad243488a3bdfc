"""The definition of the benchmark of pessoas."""

from bench.edition import Edition
from bench.pessoas.contenders import CONTENDERS
from bench.pessoas.page import page
from bench.pessoas.plan import FULL, MAIN, OFFICIAL, QUICK
from bench.pessoas.searches import DIRECTS
from bench.results.guard import Guarded
from loadtest.pessoas.mix import POST
from loadtest.pessoas.report import PessoasReport
from loadtest.report.data import Report

# This edition has no ceiling. Searches are left out: those of the reference differ by a factor of
# three from round to round.
GUARDED = (
    Guarded("rinha_pessoas", "fastapi_pg_trgm", "fill", "rate"),
    Guarded("rinha_pessoas", "fastapi_pg_trgm", "fill", "cpu_us"),
    Guarded("rinha_pessoas", "fastapi_pg_trgm", "details", "rate"),
    Guarded("rinha_pessoas", "fastapi_pg_trgm", "details", "cpu_us"),
)


def official_figures(report: Report) -> dict[str, float]:
    if not isinstance(report, PessoasReport) or report.people is None:
        return {}
    people = report.people
    return {
        "stored": people.stored or 0,
        "acknowledged": people.acknowledged,
        "expected": people.expected or 0,
    }


PESSOAS = Edition(
    name="pessoas",
    ready_path="/contagem-pessoas",
    contenders=CONTENDERS,
    directs=DIRECTS,
    workloads=MAIN,
    # The first workload needs an empty registry, and is long enough.
    warm_up=None,
    official=OFFICIAL,
    official_contenders=("rinha_pessoas", "fastapi_pg_trgm"),
    full=FULL,
    quick=QUICK,
    report=PessoasReport,
    added=frozenset({(POST.name, 201)}),
    official_figures=official_figures,
    guarded=GUARDED,
    file="pessoas",
    page=page,
)
