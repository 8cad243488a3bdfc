"""A league takes no text of a report for markup, a formula or a link."""

import csv
import re
from pathlib import Path
from typing import Any

import pytest

from loadtest.league.links import web_link
from loadtest.league.sheet import FORMULA_STARTS, HEADINGS
from tests.help.league_files import Made, Page
from tests.help.league_reports import HERE, checked, official, write_entry

EVIL = "=1+1 <script>alert(1)</script> | `x` ]( [a](javascript:alert(1)) \n\x1b[31m **b** \u2028"


def evil(folder: Path) -> Made:
    about = dict.fromkeys(("name", "language", "url", "commit"), EVIL)
    report = official(HERE)
    report.way = EVIL
    about_all: dict[str, Any] = {**about, "changes": [EVIL]}
    write_entry(folder / "javascript:x", about_all, report, checked(HERE, 2, EVIL))
    return Made(folder)


def test_no_text_of_a_report_becomes_a_page(tmp_path: Path) -> None:
    """Markup in any text is escaped; only links of the web and of files are written."""
    page = Page(evil(tmp_path).html)
    assert page.tags.count("script") == 1
    assert not page.attributes & {"onerror", "onclick", "style"}
    assert page.links == ["javascript%3Ax/check.json", "javascript%3Ax/official.json"]
    assert "\x1b" not in (tmp_path / "league.html").read_text()


def test_no_cell_is_a_formula(tmp_path: Path) -> None:
    """No cell of the CSV begins as a formula does, and each row has all columns."""
    made = evil(tmp_path)
    with made.csv.open(newline="") as lines:
        rows = list(csv.reader(lines))
    assert [len(row) for row in rows] == [len(HEADINGS)] * 2
    cells = [cell for row in rows for cell in row]
    assert [cell for cell in cells if cell.lstrip().startswith(FORMULA_STARTS)] == []
    assert any(cell.startswith("'=1+1") for cell in cells)


def test_no_text_of_a_report_becomes_markdown(tmp_path: Path) -> None:
    """Pipes, newlines and brackets in a text neither break the table nor make a link."""
    text = evil(tmp_path).markdown.read_text()
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table}) == 1
    outside_code = re.sub(r"^ *```sh.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert not re.search(r"(?<!\\)<|(?<!\\)\]\((?!javascript%3Ax/)", outside_code)
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://example.org/a?b=c#d", "https://example.org/a?b=c#d"),
        ("https://example.org/a b(c)\"|'<", "https://example.org/a%20b%28c%29%22%7C%27%3C"),
        ("javascript:alert(1)", ""),
        ("JavaScript://example.org/%0aalert(1)", ""),
        ("data:text/html,x", ""),
        ("//example.org", ""),
        ("https://[", ""),
        ("", ""),
    ],
)
def test_only_urls_of_the_web_become_links(url: str, target: str) -> None:
    """A URL that is not http or https is no link, and no character of a link is markup."""
    assert web_link(url) == target
