"""The report for a terminal or a log: verdict first, then what is broken, then the figures."""

from collections import Counter
from collections.abc import Sequence

from msgspec import UNSET
from rich.console import Console
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from loadtest.limits import (
    ANSWER_CHARACTERS_MAX,
    BROKEN_SHOWN,
    CELL_CHARACTERS_MAX,
    EXAMPLES_SHOWN,
    REASON_CHARACTERS_MAX,
    REASONS_SHOWN,
)
from loadtest.measure.histogram import FIGURES
from loadtest.report.data import Load, Report, Rule, broken_rules
from loadtest.report.head import headline, reasons
from loadtest.report.table import Mark, Table
from loadtest.report.tables import (
    generator_table,
    latency_table,
    outcome_table,
    spread_text,
    throughput_text,
    usage_table,
)
from loadtest.wire.outcome import one_line

FRAMED_WIDTH_MIN = 100  # narrower terminals have no room for frames around the latency table
# Narrower ones have no room for all figures, and these are the first to be left out.
ALL_FIGURES_WIDTH_MIN = 120
SPREAD = ("min", "stdev")
STATE_STYLES = {"pass": "bold green", "fail": "bold red", "invalid": "bold yellow"}


def print_report(report: Report, console: Console, *, every_rule: bool = False) -> None:
    """Prints the whole report, the verdict first."""
    console.print(Text(headline(report), style=STATE_STYLES[report.verdict.state]))
    if report.load is not None or report.arena is not UNSET:
        # The reasons of a check are its broken rules, which are printed in full below.
        _print_reasons(report, console)
    seed = f", seed {report.seed}" if report.seed is not None else ""
    console.print(Text(f"{report.target}: {report.way}{seed}\n"))
    if report.load is None:
        _print_rules(report.rules, console, every_rule=every_rule)
    for table in report.every_table():
        print_table(table, console)
    if report.load is not None:
        _print_load(report.load, console)
        _print_rules(report.rules, console, every_rule=every_rule)
    for note in report.notes:
        console.print(Text(f"note: {one_line(note)}", style="yellow"))


def _print_reasons(report: Report, console: Console) -> None:
    for title, texts in reasons(report):
        if title:
            console.print(f"  {title}:")
        for reason in texts[:REASONS_SHOWN]:
            console.print(Text(f"  - {_short(reason, REASON_CHARACTERS_MAX)}"))
        hidden = len(texts) - REASONS_SHOWN
        if hidden > 0:
            console.print(f"  - and {hidden} more")


def _print_load(load: Load, console: Console) -> None:
    rate = f"{load.rate.achieved:,.1f}/s"
    if load.rate.wanted is not None:
        rate += f" of {load.rate.wanted:,.1f}/s wanted"
    mix = ", ".join(f"{count:,} {kind}" for kind, count in load.mix.items() if count)
    console.print(f"{load.totals.done:,} requests in {load.rate.elapsed_s:.1f} s, {rate}")
    if traffic := throughput_text(load):
        console.print(Text(traffic))
    console.print(Text(f"mix: {mix}\n"))
    is_wide = console.width >= ALL_FIGURES_WIDTH_MIN
    if not is_wide:
        console.print(f"response times: {spread_text(load.answered('response').figures_us())}\n")
    figures = [name for name in FIGURES if is_wide or name not in SPREAD]
    for table in (latency_table(load, figures), outcome_table(load)):
        print_table(table, console)
    if load.generator is not None:
        print_table(generator_table(load.generator), console)
    if load.target_usage.samples:
        print_table(usage_table(load), console)
    for example in load.examples[:EXAMPLES_SHOWN]:
        _print_block(f"example: {example.what}", {"got": example.answer}, example.repeat, console)


def print_table(table: Table, console: Console) -> None:
    grid = Grid(title=table.title, title_justify="left", show_header=any(table.columns))
    if console.width < FRAMED_WIDTH_MIN:
        grid.box, grid.pad_edge, grid.collapse_padding = None, False, True
    for place, name in enumerate(table.columns):
        is_word = place in table.text_columns
        grid.add_column(name, justify="left" if is_word else "right", overflow="fold")
    for row in table.rows:
        grid.add_row(*map(_cell, row))
    console.print(grid)
    if table.note:
        console.print(Text(table.note, style="dim"))
    console.print()


def _cell(cell: str | Mark) -> Text:
    if isinstance(cell, str):
        return Text(_short(cell))
    return Text(_short(cell.text), style="green" if cell.good else "bold red")


def _print_rules(rules: Sequence[Rule], console: Console, *, every_rule: bool) -> None:
    """Prints broken rules in full and the number of the others; `every_rule` lists those too."""
    broken, fine = broken_rules(rules), [rule for rule in rules if rule.passed]
    whole = broken if every_rule else broken[:BROKEN_SHOWN]
    for number, alike in enumerate(whole, 1):
        _print_block(f"{number}. {alike[0].name}", rule_texts(alike), alike[0].repeat, console)
    if len(broken) > len(whole):
        console.print(f"and {len(broken) - len(whole)} broken rules more: --all shows them\n")
    if fine and every_rule:
        rows = [(rule.name, rule.expected, rule.answer) for rule in fine]
        columns = ("rule", "expected", "got")
        print_table(Table("rules that hold", columns, rows, text_columns=range(3)), console)
    elif fine:
        groups = Counter(rule.group for rule in fine)
        counts = ", ".join(f"{group} {count}" for group, count in groups.items())
        console.print(Text(f"{len(fine)} rules hold: {counts}", style="green"))


def rule_texts(alike: Sequence[Rule]) -> dict[str, str]:
    """Returns the texts of a broken rule; others that are broken alike are only named."""
    texts = {"expected": alike[0].expected, "got": alike[0].answer}
    others = ", ".join(rule.whose for rule in alike[1:])
    return {**texts, "the same": others} if others else texts


def _print_block(title: str, texts: dict[str, str], repeat: str, console: Console) -> None:
    """Prints a fault in full, with the lines that repeat it in a shell.

    These lines are never wrapped, so that they can be copied.
    """
    console.print(Text(one_line(title), style="bold red"))
    grid = Grid.grid(padding=(0, 1))
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    for name, text in texts.items():
        grid.add_row(name, Text(_short(text, ANSWER_CHARACTERS_MAX) or "(nothing)"))
    console.print(Padding(grid, (0, 0, 0, 3), expand=False))
    for line in repeat.splitlines():
        console.print(Text(f"   {one_line(line)}"), soft_wrap=True)
    console.print()


def _short(text: str, most: int = CELL_CHARACTERS_MAX) -> str:
    text = one_line(text)
    return text if len(text) <= most else f"{text[: most - 1]}…"
