"""A comparison as a table."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from loadtest.report.compare import Figure

STYLES = {"worse": "red", "better": "green", "noise": "dim"}


def print_comparison(figures: list[Figure], failing: list[Figure], console: Console) -> None:
    table = Table(title="a ratio above 1.00 is worse; within the noise it says nothing")
    for name in ("figure", "before", "after", "ratio", "noise", "verdict"):
        table.add_column(name, justify="left" if name in {"figure", "verdict"} else "right")
    for figure in figures:
        verdict = "REGRESSION" if figure in failing else figure.verdict
        table.add_row(
            figure.name,
            f"{figure.before:,.3f} {figure.unit}",
            f"{figure.after:,.3f} {figure.unit}",
            f"{figure.ratio:.2f}",
            f"±{figure.noise:.2f}",
            Text(verdict, style=STYLES[figure.verdict]),
        )
    console.print(table)
