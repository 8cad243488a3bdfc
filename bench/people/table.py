"""The run as a page of tables."""

from collections.abc import Mapping, Sequence

from bench.people.plan import GROWTH, OFFICIAL, WORKS
from bench.people.searches import Cost, Insert
from bench.plan import Work
from bench.results.data import Results
from bench.results.figures import Spread, figure_of
from bench.results.table import head, shares, table, thrown_out

COLUMNS = ("p50_ms", "p99_ms", "p99.9_ms", "max_ms")
WHAT = """\
Written by `make bench EDITION=2023q3`; [pessoas.md](../pessoas.md) says what this edition is. Each
figure is the median of the rounds, in brackets the lowest and the highest. Times are response times
in ms, CPU is in us per request over all parts of a stack, memory in MB. All stacks stand behind the
same nginx.conf under the arena's 1.5 CPU; what a stack is and how it is measured says
[benchmarks.md](../benchmarks.md)."""
ALONE = """\
One process, us of CPU, mean / p99 / highest. *As it is* is the whole way of a search but for HTTP:
it looks for new rows, finds, and reads what it found. *One text* only finds; FTS5 has its index
ready, and finds by three letters and more; LIKE folds ASCII only."""


def page(
    results: Results,
    searches: Mapping[int, Sequence[Cost]],
    inserts: Sequence[Insert],
    ready_s: Sequence[float],
) -> str:
    blocks = ["# Results: people", WHAT, head(results)]
    if results.remarks or results.failed:
        lines = [*results.remarks, *(f"{name}: {why}" for name, why in results.failed.items())]
        blocks.append("\n".join(f"- **{line}**" for line in lines))
    blocks.append(_official(results))
    blocks += [_work(results, work) for work in WORKS]
    blocks.append(_growth(results, ready_s))
    blocks += [_searches(searches), _inserts(inserts), shares(results), thrown_out(results)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _official(results: Results) -> str:
    names = ("expected", "acknowledged", "stored", "failures", "p50_ms", "p99_ms", "max_ms")
    rows = []
    for stack, title in results.titles.items():
        found = [figure_of(results, stack, OFFICIAL.name, name) for name in names]
        cpu, rate, memory = (
            figure_of(results, stack, OFFICIAL.name, name)
            for name in ("cpu_us", "rate", "memory_mb")
        )
        if found[0] and cpu and rate:
            whole, times = found[:4], found[4:]
            cores = f"{cpu.median * rate.median / 1e6:.2f}"
            rows.append(
                (
                    title,
                    *(_plain(one, ",.0f") for one in whole),
                    *(_plain(one, ".2f") for one in times),
                    *(cores, _plain(memory, ",.0f")),
                )
            )
    columns = ("", "expected", "acknowledged", "stored", "failed", "p50", "p99", "max")
    return f"## The official run\n\n{table((*columns, 'CPUs used', 'memory MB'), rows)}"


def _work(results: Results, work: Work) -> str:
    rows = [
        _row(results, stack, title, work)
        for stack, title in results.titles.items()
        if figure_of(results, stack, work.name, "rate") and not stack.startswith("rinha_2m")
    ]
    return f"## {work.title[0].upper()}{work.title[1:]}\n\n{table(_columns(), rows)}"


def _columns() -> tuple[str, ...]:
    return (
        "",
        "requests/s",
        "failed",
        "p50",
        "p99",
        "p99.9",
        "max",
        "CPU us",
        "memory MB",
        "rounds",
    )


def _row(results: Results, stack: str, title: str, work: Work) -> tuple[str, ...]:
    rate, failures = (figure_of(results, stack, work.name, name) for name in ("rate", "failures"))
    times = [figure_of(results, stack, work.name, name) for name in COLUMNS]
    rest = [figure_of(results, stack, work.name, name) for name in ("cpu_us", "memory_mb")]
    return (
        title,
        _range(rate, ",.0f"),
        _plain(failures, ",.0f"),
        *(_plain(one, ".2f") for one in times),
        *(_plain(one, ",.0f") for one in rest),
        str(rate.rounds if rate else 0),
    )


def _growth(results: Results, ready_s: Sequence[float]) -> str:
    rows = [
        _row(results, stack, f"{title}: {work.title}", work)
        for work in GROWTH
        for stack, title in results.titles.items()
        if stack.startswith("rinha") and figure_of(results, stack, work.name, "rate")
    ]
    words = ", ".join(f"{seconds:.1f}" for seconds in ready_s)
    ready = (
        f"\n\nWith two million people a start takes {words} s: both instances read them at once."
    )
    return f"## Growth\n\n{table(_columns(), rows)}{ready if ready_s else ''}"


def _searches(searches: Mapping[int, Sequence[Cost]]) -> str:
    columns = [
        (people, how)
        for people, costs in searches.items()
        for how in dict.fromkeys(cost.how for cost in costs)
    ]
    found = {
        (people, cost.how, cost.terms): f"{cost.mean:,.0f} / {cost.p99:,.0f} / {cost.highest:,.0f}"
        for people, costs in searches.items()
        for cost in costs
    }
    terms = dict.fromkeys(terms for _, _, terms in found)
    rows = [(one, *(found.get((*column, one), "-") for column in columns)) for one in terms]
    head_ = ("", *(f"{how}, {people:,} people" for people, how in columns))
    return f"## A search without HTTP\n\n{ALONE}\n\n{table(head_, rows)}"


def _inserts(inserts: Sequence[Insert]) -> str:
    rows = [(one.how, f"{one.mean:,.1f}", f"{one.p99:,.0f}") for one in inserts]
    return "## An insert without HTTP\n\n" + table(("", "CPU us", "p99 us"), rows)


def _plain(one: Spread | None, form: str) -> str:
    return format(one.median, form) if one else "-"


def _range(one: Spread | None, form: str) -> str:
    if one is None:
        return "-"
    if one.rounds == 1:
        return format(one.median, form)
    return f"{one.median:{form}} ({one.lowest:{form}} to {one.highest:{form}})"
