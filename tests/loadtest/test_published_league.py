"""The league of docs/league."""

import shutil
from pathlib import Path

from loadtest.commands.main import run
from tests.loadtest.command import ROOT

LEAGUE = ROOT / "docs" / "league"


def test_the_published_league_is_made_of_its_reports(tmp_path: Path) -> None:
    """The page, CSV and Markdown of docs/league are what the command makes of its reports."""
    copy = tmp_path / "league"
    shutil.copytree(LEAGUE, copy)
    page, sheet, text = (copy / f"league.{suffix}" for suffix in ("html", "csv", "md"))
    words = ("--html", page, "--csv", sheet, "--markdown", text, "--ceiling", copy / "ceiling.json")
    assert run([str(word) for word in ("league", copy / "entries", *words)]) == 0
    for name in ("league.html", "league.csv", "league.md"):
        assert (copy / name).read_text() == (LEAGUE / name).read_text(), name
