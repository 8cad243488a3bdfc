"""A league's files, as the command writes them and as a reader takes them apart."""

import csv
from html.parser import HTMLParser
from pathlib import Path

from loadtest.commands.main import run


class Made:
    """A league's three files, made from one folder of reports."""

    def __init__(self, folder: Path, *words: object) -> None:
        names = ("league.html", "league.csv", "league.md")
        self.html, self.csv, self.markdown = (folder / name for name in names)
        files = ("--html", self.html, "--csv", self.csv, "--markdown", self.markdown)
        code = run([str(word) for word in ("league", folder, *words, *files)])
        assert code == 0

    @property
    def rows(self) -> list[dict[str, str]]:
        with self.csv.open(newline="") as lines:
            return list(csv.DictReader(lines))


class Page(HTMLParser):
    """Collects the tags, the links and the rows of each table of a league's page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.tables: list[int] = []
        self.attributes: set[str] = set()
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]
        self.attributes |= {name for name, _ in attrs}
        if tag == "table":
            self.tables.append(-1)  # less the row of headings
        elif tag == "tr":
            self.tables[-1] += 1
