"""Links of a league: to the entries' sources, and to the reports from where a file is written."""

import os
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from loadtest.league.entries import Saved
from loadtest.wire.outcome import one_line

# Characters of a URL that mean nothing in HTML, Markdown or CSV.
URL_CHARACTERS = ":/?#@!$&*+,;=%~-._"


class Link(NamedTuple):
    """A link whose target is safe to write anywhere."""

    text: str
    target: str


def web_link(url: str) -> str:
    """Returns a URL of the web, or nothing: other schemes could run a script."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        return ""
    return quote(url.strip(), safe=URL_CHARACTERS)


def report_links(saved: list[Saved], page: Path) -> list[Link]:
    """Returns a link to each report, relative to the page: to its own page if it has one."""
    links = []
    for one in saved:
        beside = one.path.with_suffix(".html")
        target = beside if beside.is_file() else one.path
        relative = os.path.relpath(target.absolute(), page.absolute().parent)
        links.append(Link(one_line(one.report.command), quote(relative)))
    return links
