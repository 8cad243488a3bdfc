"""The pages agree with the table of commands, the names of faults and the extras of packages."""

import re
import tomllib
from itertools import chain

from loadtest.commands.table import COMMANDS
from loadtest.crebitos.history import breaks
from loadtest.crebitos.report import APPLIED_TWICE
from tests.help.running import ROOT

PAGE = (ROOT / "docs/loadtest.md").read_text()
FAULTS = (
    *(breaks.LOST_UPDATE, APPLIED_TWICE, breaks.TORN, breaks.STALE, breaks.FOREIGN_ROW),
    *(breaks.TOO_FEW_ROWS, breaks.WRONG_ORDER, breaks.REFUSED_SHOWN),
    *(breaks.REFUSED_THOUGH_IT_FITS, breaks.UNEXPLAINED),
)


def test_the_table_of_options_names_the_commands_that_take_each() -> None:
    """A row of the common options that lists commands lists all commands with that option."""
    rows = re.findall(r"^\| (`--.*?) \| (`.*?`) \|", PAGE, re.MULTILINE)
    assert len(rows) > 5
    for options, listed in rows:
        for option in re.findall(r"`(--[a-z-]+)", options):
            taking = {name for name, (_, taken) in COMMANDS.items() if option in taken}
            assert set(re.findall(r"`(\w+)`", listed)) == taking, option


def test_the_page_names_every_fault_of_a_history() -> None:
    """Each name that a fault of a history may have is on the page."""
    text = " ".join(PAGE.split())
    assert [fault for fault in FAULTS if f"*{fault}*" not in text] == []


def test_the_pages_name_extras_that_the_package_has() -> None:
    """A page that installs `rinha[…]` names features that pyproject.toml has: pip only warns."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    pages = chain(ROOT.glob("*.md"), (ROOT / "docs").glob("*.md"))
    lists = [
        found for page in pages for found in re.findall(r"rinha\[([a-z,]+)\]", page.read_text())
    ]
    named = {extra for found in lists for extra in found.split(",")}
    assert named
    assert named <= set(project["optional-dependencies"])
