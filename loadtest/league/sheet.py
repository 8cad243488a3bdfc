"""The league as CSV: numbers without thousands separators, and no cell that is a formula."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from loadtest.league.links import report_links, web_link
from loadtest.league.rows import Row
from loadtest.league.tables import LeagueTable
from loadtest.wire.outcome import one_line

HEADINGS = (
    *("edition", "cpu", "cores", "kernel", "entry", "language", "url", "commit"),
    *("verdict", "broken_rules", "rules", "score", "score_of", "p50_ms", "p99_ms", "max_ms"),
    *("requests_per_s", "share_of_ceiling", "cpu_us_per_request", "memory_mb", "load"),
    *("ended_at", "reports"),
)
FORMULA_STARTS = ("=", "+", "-", "@")


def sheet(tables: Sequence[LeagueTable], path: Path) -> str:
    """Returns the whole file; links are relative to its path."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADINGS)
    for table in tables:
        for row in table.rows:
            writer.writerow(_cells(table, row, path))
    return text.getvalue()


def _cells(table: LeagueTable, row: Row, path: Path) -> list[str]:
    machine, score = table.machine, row.score
    return [
        plain(row.edition),
        *([plain(machine.cpu), str(machine.cores), plain(machine.kernel)] if machine else [""] * 3),
        *map(plain, (row.about.name, row.about.language)),
        *(web_link(row.about.url), plain(row.about.commit), row.state),
        "" if row.broken is None else str(row.broken),
        str(len(row.rules)) if row.rules else "",
        *([f"{score.value:.15g}", plain(score.name)] if score is not None else [""] * 2),
        *(_number(us, 1000, 3) for us in (row.p50_us, row.p99_us, row.max_us)),
        _number(row.rate, 1, 1),
        _number(table.share_of_ceiling(row), 1, 4),
        _number(row.cpu_us_per_request, 1, 1),
        _number(row.memory_bytes, 1e6, 1),
        *map(plain, (row.way, row.ended_at)),
        plain(" ".join(link.target for link in report_links(row.saved, path))),
    ]


def plain(text: str) -> str:
    """Returns a text on one line that no spreadsheet takes for a formula."""
    text = one_line(text)
    return f"'{text}" if text.lstrip().startswith(FORMULA_STARTS) else text


def _number(value: float | None, unit: float, digits: int) -> str:
    return "" if value is None else f"{value / unit:.{digits}f}"
