"""The run as a page of tables."""

from collections.abc import Sequence
from pathlib import Path

from bench.plan import (
    ALONE,
    ALONE_MODES,
    CAPACITY_14,
    CAPACITY_64,
    EVERYTHING,
    OFFICIAL,
    STEADY_340,
    Work,
)
from bench.results.data import Results
from bench.results.figures import Spread, figure_of, ratio_of, spread

OURS, CEILING = "rinha_normal", "constant"
COLUMNS = ("p50_ms", "p99_ms", "p99.9_ms", "max_ms")
WHAT = """\
Written by `make bench`; [benchmarks.md](../benchmarks.md) says what is measured and how. Each
figure is the median of the rounds, in brackets the lowest and the highest; a ratio is taken within
each round. Times are response times in ms, CPU is in us per request over all parts of a stack,
memory in MB."""


def page(results: Results, pictures: Sequence[str]) -> str:
    blocks = ["# Results", WHAT, head(results)]
    if results.remarks or results.failed:
        blocks.append("\n".join(f"- **{line}**" for line in _attention(results)))
    blocks += [f"![{Path(name).stem.replace('_', ' ')}]({name})" for name in pictures]
    for work in EVERYTHING:
        rows = _work_table(results, work)
        if rows:
            blocks.append(f"## {work.title[0].upper()}{work.title[1:]}\n\n{rows}")
    blocks += [_comparison(results), _growth(results), _ledger(results), _official(results)]
    blocks += [shares(results), thrown_out(results)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def head(results: Results) -> str:
    lines = [f"- {name}: {text}" for name, text in results.origin.items()]
    versions = ", ".join(f"{name} {text}" for name, text in results.versions.items())
    return "\n".join([*lines, f"- versions: {versions}"])


def _attention(results: Results) -> list[str]:
    failed = [
        f"{results.titles.get(name, name)} failed: {text}" for name, text in results.failed.items()
    ]
    return [*results.remarks, *failed]


def _work_table(results: Results, work: Work) -> str:
    # Where the load has a rate of its own, every stack has the same.
    compared = "rate" if work in (CAPACITY_14, CAPACITY_64) else "p99_ms"
    rows = []
    for stack, title in results.titles.items():
        rate = figure_of(results, stack, work.name, "rate")
        if rate is None:
            continue
        times = [figure_of(results, stack, work.name, name) for name in COLUMNS]
        rest = [figure_of(results, stack, work.name, name) for name in ("cpu_us", "memory_mb")]
        failures = figure_of(results, stack, work.name, "failures")
        rows.append(
            (
                f"{title}{_told(failures)}",
                _range(rate, ",.0f"),
                _plain(ratio_of(results, stack, CEILING, work.name, compared), ".2f"),
                *(_plain(one, ".2f") for one in times),
                *(_plain(one, ",.0f") for one in rest),
                str(rate.rounds),
            )
        )
    to_ceiling = f"{compared.removesuffix('_ms')} to the ceiling"
    columns = ("", "requests/s", to_ceiling, "p50", "p99", "p99.9", "max")
    return table((*columns, "CPU us", "memory MB", "rounds"), rows)


def _told(failures: Spread | None) -> str:
    return f", {failures.highest:.0f} failed" if failures and failures.highest else ""


def _comparison(results: Results) -> str:
    rows = []
    for stack, title in results.titles.items():
        if stack == CEILING or stack.startswith(("rinha", "ledger")):
            continue
        for ours in (OURS, "rinha_full", "rinha_postgres"):
            capacity = ratio_of(results, ours, stack, CAPACITY_14.name, "rate")
            p99 = ratio_of(results, ours, stack, STEADY_340.name, "p99_ms")
            cpu = ratio_of(results, ours, stack, CAPACITY_14.name, "cpu_us")
            if capacity:
                rows.append(
                    (
                        f"{results.titles[ours]} to {title}",
                        *(_range(one, ".2f") for one in (capacity, p99, cpu)),
                    )
                )
    columns = ("", "requests/s, 14 connections", "p99 at 340/s", "CPU per request")
    return _titled("Against what one would pick instead", table(columns, rows))


def _growth(results: Results) -> str:
    rows = []
    for stack in ("rinha_10m", "rinha_1m_clients"):
        ratios = [
            ratio_of(results, stack, OURS, work.name, figure)
            for work, figure in (
                (CAPACITY_14, "rate"),
                (CAPACITY_14, "p99_ms"),
                (STEADY_340, "p50_ms"),
                (STEADY_340, "p99_ms"),
            )
        ]
        if ratios[0]:
            rows.append((results.titles[stack], *(_range(one, ".2f") for one in ratios)))
    columns = ("to an empty ledger", "requests/s, 14 connections", "p99, 14 connections")
    return _titled("Growth", table((*columns, "p50 at 340/s", "p99 at 340/s"), rows))


def _ledger(results: Results) -> str:
    rows = []
    for mode in ALONE_MODES:
        rate, cpu = (
            figure_of(results, f"ledger_{mode.lower()}", ALONE.name, name)
            for name in ("rate", "cpu_us")
        )
        if rate:
            rows.append((f"{mode}, two processes", _range(rate, ",.0f"), _range(cpu, ".1f")))
    lines = [table(("the ledger without HTTP", "requests/s", "CPU us"), rows)]
    if results.fsync_ms:
        fsync = _range(spread(results.fsync_ms), ".3f")
        lines.append(f"\nAn `fdatasync` of 4 kB on this disk takes {fsync} ms.\n")
    for stack, found in results.bytes_per_transaction.items():
        if stack in results.titles and any(found):
            title = results.titles[stack]
            lines.append(f"- {title}: {_range(spread(found), '.1f')} bytes on disk a transaction")
    return _titled("The ledger and the disk", "\n".join(lines))


def _official(results: Results) -> str:
    for cell in reversed(results.cells):
        if cell.work == OFFICIAL.name and cell.figures:
            figures = cell.figures
            return (
                f"## The official run{' (a rehearsal)' if results.quick else ''}\n\n"
                f"{results.titles[cell.stack]}: {figures['ok_percent']:.2f}% right and in time, "
                f"paid USD {figures['paid_usd']:,.2f}; all answers p50 {figures['p50_ms']:.2f}, "
                f"p99 {figures['p99_ms']:.2f}, max {figures['max_ms']:.1f} ms"
                f"{'; thrown out: ' + cell.thrown_out if cell.thrown_out else ''}."
            )
    return ""


def shares(results: Results) -> str:
    rows = [
        (
            results.titles[stack],
            ", ".join(f"{part} {cpus:g}" for part, (cpus, _) in shares.items()),
            ", ".join(f"{part} {memory_mb}" for part, (_, memory_mb) in shares.items()),
        )
        for stack, shares in results.shares.items()
    ]
    return _titled("Limits", table(("", "CPU", "memory MB"), rows))


def thrown_out(results: Results) -> str:
    lines = [
        f"- round {cell.round + 1}, {results.titles[cell.stack]}, {cell.work}: {cell.thrown_out}"
        for cell in results.cells
        if cell.thrown_out
    ]
    count = f"{len(lines)} of {len(results.cells)} measurements say nothing about their stack."
    return _titled("Thrown out", "\n".join([count, "", *lines]).rstrip())


def _titled(title: str, text: str) -> str:
    return f"## {title}\n\n{text}" if text else ""


def table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    if not rows:
        return ""
    lines = [columns, ("---", *["---:"] * (len(columns) - 1)), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _plain(one: Spread | None, form: str) -> str:
    return format(one.median, form) if one else "-"


def _range(one: Spread | None, form: str) -> str:
    if one is None:
        return "-"
    return f"{one.median:{form}} ({one.lowest:{form}} to {one.highest:{form}})"
