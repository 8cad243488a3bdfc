"""The definition of the benchmark of crebitos."""

from bench.crebitos import ledger_alone
from bench.crebitos.contenders import CONTENDERS, GROUPS, SETS
from bench.crebitos.page import page
from bench.crebitos.pictures import pictures
from bench.crebitos.plan import FULL, MAIN, OFFICIAL, QUICK, WARM_UP
from bench.edition import Edition
from bench.results.guard import Guarded
from loadtest.crebitos.mix import CREDIT, DEBIT
from loadtest.crebitos.report import CrebitosReport
from loadtest.report.data import Report

# No p99 at capacity: the pauses of a used up share of CPU hit about one request in a hundred, so it
# is 1 or 50 ms at random.
GUARDED = (
    Guarded("rinha_normal", "constant", "capacity_14", "rate"),
    Guarded("rinha_normal", "constant", "capacity_64", "rate"),
    Guarded("rinha_normal", "constant", "capacity_14", "cpu_us"),
    Guarded("rinha_normal", "constant", "steady_340", "p50_ms"),
    Guarded("rinha_normal", "constant", "steady_340", "p99_ms"),
    Guarded("rinha_full", "constant", "capacity_14", "cpu_us"),
)


def official_figures(report: Report) -> dict[str, float]:
    if not isinstance(report, CrebitosReport) or report.official is None:
        return {}
    official = report.official
    return {"paid_usd": float(official.paid_usd), "ok_percent": float(official.ok_percent)}


CREBITOS = Edition(
    name="crebitos",
    ready_path="/clientes/1/extrato",
    contenders=CONTENDERS,
    directs=ledger_alone.DIRECTS,
    workloads=MAIN,
    warm_up=WARM_UP,
    official=OFFICIAL,
    official_contenders=("rinha_normal",),
    full=FULL,
    quick=QUICK,
    report=CrebitosReport,
    added=frozenset({(DEBIT.name, 200), (CREDIT.name, 200)}),
    official_figures=official_figures,
    guarded=GUARDED,
    file="results",
    page=page,
    pictures=pictures,
    # The rules of the official judge: contenders need not keep the others.
    check=("check", "--no-strict"),
    groups=GROUPS,
    sets=SETS,
)
