"""The sections of a results page that both editions have, as Markdown tables."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from bench.contender import Workload
from bench.results.data import Results
from bench.results.figures import Spread, figure_of, ratio_of
from bench.results.svg import title_of

TIMES = ("p50_ms", "p99_ms", "p99.9_ms", "max_ms")
# The contenders of each group, in the order of the page.
Groups = Mapping[str, Sequence[str]]
# Contenders of STACKS are in no group of the project.
WITHOUT_GROUP = "Your own contenders"
# Figure of a workload, with the title of its column.
Column = tuple[Workload, str, str]


def document(
    heading: str, intro: str, results: Results, pictures: Mapping[str, str], sections: Iterable[str]
) -> str:
    blocks = [f"# {heading}", intro, _head(results), _attention(results)]
    blocks += [f"![{title_of(svg)}]({name})" for name, svg in pictures.items()]
    blocks += [*sections, _limits(results), _thrown_out(results)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _head(results: Results) -> str:
    lines = [f"- {name}: {text}" for name, text in results.origin.items()]
    versions = ", ".join(f"{name} {text}" for name, text in results.versions.items())
    return "\n".join([*lines, f"- versions: {versions}"])


def _attention(results: Results) -> str:
    failed = [
        f"{results.titles.get(name, name)} failed: {text}" for name, text in results.failed.items()
    ]
    return "\n".join(f"- **{line}**" for line in (*results.remarks, *failed))


def contenders_section(results: Results, groups: Groups) -> str:
    """Returns a table of the contenders by group: name, title and the judge's verdict."""
    rows = []
    for group, names in _by_group(results, groups):
        measured = [name for name in names if name in results.shares or name in results.verdicts]
        rows += [(f"**{group}**", "", "")] if measured else []
        for name in measured:
            verdict = results.verdicts.get(name, "-").replace("|", r"\|")
            rows.append((f"`{name}`", results.titles[name], verdict))
    return section("Contenders", table(("name", "what it is", "`loadtest check`"), rows))


def _by_group(results: Results, groups: Groups) -> Iterator[tuple[str, list[str]]]:
    """Yields the contenders of each group that the results have."""
    left = dict(results.titles)
    for group, names in groups.items():
        yield group, [name for name in names if left.pop(name, None) is not None]
    yield WITHOUT_GROUP, list(left)


def workload_section(
    results: Results, workload: Workload, ceiling: str = "", groups: Groups = MappingProxyType({})
) -> str:
    """Returns a table of all contenders under the workload, with ratios to the ceiling if named."""
    # Under a constant rate every contender has the same requests/s.
    compared = "p99_ms" if "-r" in workload.arguments else "rate"
    to_ceiling = (f"{compared.removesuffix('_ms')} to the ceiling",) if ceiling else ()
    columns = ("", "requests/s", *to_ceiling, "p50", "p99", "p99.9", "max")
    columns = (*columns, "CPU us", "memory MB", "rounds")
    rows: list[tuple[str, ...]] = []
    for group, names in _by_group(results, groups):
        found = [_workload_row(results, name, workload, ceiling, compared) for name in names]
        if any(found) and groups:
            rows.append((f"**{group}**", *[""] * (len(columns) - 1)))
        rows += [row for row in found if row]
    text = table(columns, rows)
    return section(f"{workload.title[0].upper()}{workload.title[1:]}", text)


def _workload_row(
    results: Results, name: str, workload: Workload, ceiling: str, compared: str
) -> tuple[str, ...]:
    """Returns the contender's figures under the workload, or nothing if it was not measured."""
    rate = figure_of(results, name, workload.name, "rate")
    if rate is None:
        return ()
    times = [figure_of(results, name, workload.name, figure) for figure in TIMES]
    rest = [figure_of(results, name, workload.name, one) for one in ("cpu_us", "memory_mb")]
    failures = figure_of(results, name, workload.name, "failures")
    failed = f", {failures.highest:,.0f} failed" if failures and failures.highest else ""
    ratio = ratio_of(results, name, ceiling, workload.name, compared)
    return (
        f"{results.titles[name]}{failed}",
        in_range(rate, ",.0f"),
        *((plain(ratio, ".2f"),) if ceiling else ()),
        *(plain(one, ".2f") for one in times),
        *(plain(one, ",.0f") for one in rest),
        str(rate.rounds),
    )


def ratio_section(
    heading: str,
    results: Results,
    pairs: Iterable[tuple[str, str, str]],
    columns: Sequence[Column],
    corner: str = "",
) -> str:
    """Returns the ratios of pairs of contenders; each pair comes with the title of its row."""
    rows = []
    for name, other, title in pairs:
        ratios = [ratio_of(results, name, other, work.name, figure) for work, figure, _ in columns]
        if ratios[0]:
            rows.append((title, *(in_range(one, ".2f") for one in ratios)))
    return section(heading, table((corner, *(title for _, _, title in columns)), rows))


def official_section(results: Results, columns: dict[str, tuple[str, str]]) -> str:
    """Returns the official runs, one a row; `columns` has title and format by figure."""
    rows = []
    for cell in results.cells:
        if cell.workload == "official":
            title = results.titles.get(cell.contender, cell.contender)
            thrown_out = ", thrown out" if cell.thrown_out else ""
            figures = (
                format(cell.figures[figure], form) if figure in cell.figures else "-"
                for figure, (_, form) in columns.items()
            )
            rows.append((f"{title}{thrown_out}", *figures))
    heading = f"The official run{' (a rehearsal)' if results.quick else ''}"
    return section(heading, table(("", *(title for title, _ in columns.values())), rows))


def _limits(results: Results) -> str:
    rows = [
        (
            results.titles.get(name, name),
            ", ".join(f"{part} {cpus:g}" for part, (cpus, _) in shares.items()),
            ", ".join(f"{part} {memory_mb}" for part, (_, memory_mb) in shares.items()),
        )
        for name, shares in results.shares.items()
    ]
    return section("Limits", table(("", "CPU", "memory MB"), rows))


def _thrown_out(results: Results) -> str:
    lines = [
        f"- round {cell.round + 1}, {results.titles.get(cell.contender, cell.contender)}, "
        f"{cell.workload}: {cell.thrown_out}"
        for cell in results.cells
        if cell.thrown_out
    ]
    count = f"{len(lines)} of {len(results.cells)} measurements say nothing about their contender."
    return section("Thrown out", "\n".join([count, "", *lines]).rstrip())


def section(heading: str, text: str) -> str:
    return f"## {heading}\n\n{text}" if text else ""


def table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    if not rows:
        return ""
    lines = [columns, ("---", *["---:"] * (len(columns) - 1)), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def plain(one: Spread | None, form: str) -> str:
    return format(one.median, form) if one else "-"


def in_range(one: Spread | None, form: str) -> str:
    if one is None:
        return "-"
    return f"{one.median:{form}} ({one.lowest:{form}} to {one.highest:{form}})"
