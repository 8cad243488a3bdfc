"""The pictures of the README and of docs/."""

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pictures.badges import IMAGES, Badge, badges, svg
from pictures.film import CELL_PX, FRAMES_MAX, film
from pictures.terminal import ROWS, Frame
from tests.help.running import ROOT

SVG = "{http://www.w3.org/2000/svg}"
# A README with its pictures still opens at once.
PICTURE_BYTES_MAX = 150_000
PAGES = [ROOT / "README.md", ROOT / "README.pt-BR.md", *(ROOT / "docs").glob("*.md")]


def screen(number: int) -> Frame:
    """Returns a full screen in colours; a third of its rows is different for each number."""
    row = "\x1b[1;32m{:>6}\x1b[0m \x1b[2mdebits\x1b[0m │ {} │ \x1b[36m▁▃▅█\x1b[0m ━━━╸ <&>"
    counts = [line if line % 3 else number * ROWS + line for line in range(ROWS)]
    return tuple(row.format(count, "word " * 10) for count in counts)


@pytest.fixture(scope="module")
def filmed() -> str:
    return film([screen(number) for number in range(60)], "$ a < b", "note & note", 'say "it"')


@pytest.mark.parametrize("badge", badges(), ids=lambda badge: badge.name)
def test_badges_are_true(badge: Badge) -> None:
    """A badge says what pyproject.toml, LICENSE and the locks say; `make badges` renews it."""
    kept = (IMAGES / f"{badge.name}.svg").read_text()
    assert kept == svg(badge)


def test_badges_need_no_browser() -> None:
    """`make badges` imports nothing that the tools of `make lint` do not bring."""
    code = "import sys, pictures.badges; print({'selenium', 'tests', 'rich'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout == "set()\n"


def test_a_film_is_one_small_svg(filmed: str) -> None:
    """Any number of full screens is one SVG of at most FRAMES_MAX frames and 150 kB."""
    root = ElementTree.fromstring(filmed)  # noqa: S314
    strip = root.find(f"{SVG}g[@class='film']")
    assert strip is not None
    assert len(strip) == FRAMES_MAX
    assert len(filmed.encode()) < PICTURE_BYTES_MAX


def test_a_film_shows_text_and_no_markup(filmed: str) -> None:
    """Characters of markup in a screen, a title or a description are text in the SVG."""
    root = ElementTree.fromstring(filmed)  # noqa: S314
    texts = {text.text for text in root.iter(f"{SVG}text")}
    assert {"$ a < b", "note & note", "<&>"} <= texts
    assert root.get("aria-label") == 'say "it"'
    assert root.get("role") == "img"


def test_a_film_keeps_each_column(filmed: str) -> None:
    """Text begins at the column where the terminal had it."""
    root = ElementTree.fromstring(filmed)  # noqa: S314
    columns = {text.get("x") for text in root.iter(f"{SVG}text") if text.text == "debits"}
    assert columns == {str(7 * CELL_PX)}


def test_a_film_stands_still_on_request(filmed: str) -> None:
    """A film does not move for a reader who asked for reduced motion."""
    root = ElementTree.fromstring(filmed)  # noqa: S314
    style = root.findtext(f"{SVG}style") or ""
    assert re.search(r"prefers-reduced-motion: reduce\) \{ \.film \{ animation: none", style)
    assert not re.search("[A-Z]{4,}", style), "a figure was left out"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pictures_say_what_they_show(page: Path) -> None:
    """Each picture of a page has a text in its place, and is small."""
    for text, target in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", page.read_text()):
        assert len(text.split()) > 1, target
        assert (page.parent / target).stat().st_size < PICTURE_BYTES_MAX, target
