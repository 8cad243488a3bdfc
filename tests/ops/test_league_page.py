"""The page of a league in a real browser: readable at any width, sorted and filtered there."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select

from loadtest.commands.main import run
from tests.help.league_reports import HERE, at_full_speed, checked, official, write_entry
from tests.ops.browser import browser, complaints, keep_picture
from tests.ops.readable import WIDTHS, unreadable

NAMES = ("zig-and-files", "go-sqlite", "a name that is rather long for a table")
LANGUAGES = ("Zig", "Go, Fiber, SQLite", "Python, FastAPI, psycopg, PostgreSQL")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("league")
    for place, (name, language) in enumerate(zip(NAMES, LANGUAGES, strict=True)):
        about = {"name": name, "language": language, "url": "https://example.org/", "commit": "a1"}
        slower, broken = (1.0, 30.0, 3.0)[place], (2, 0, 5)[place]
        reports = [official(HERE, slower=slower), checked(HERE, broken)]
        reports += [at_full_speed(HERE, slower)] if place else []
        write_entry(folder / str(place), about, *reports)
    assert run(["league", str(folder), "--html", str(folder / "league.html")]) == 0
    return folder / "league.html"


@pytest.fixture(scope="module", params=WIDTHS)
def screen(request: pytest.FixtureRequest) -> Iterator[tuple[int, Chrome]]:
    width: int = request.param
    with browser(width, WIDTHS[width]) as driver:
        yield width, driver


def shown(driver: Chrome) -> list[str]:
    """Returns the names of the visible rows from the top down."""
    cells = driver.find_elements(By.CSS_SELECTOR, ".league td[data-name=entry]")
    return [cell.text.split("\n")[-1] for cell in cells if cell.is_displayed()]


def test_a_league_can_be_read(screen: tuple[int, Chrome], page: Path) -> None:
    """No word is broken, nothing is wider than the screen, and the policy blocks nothing."""
    width, driver = screen
    driver.get(page.as_uri())
    assert unreadable(driver) == []
    keep_picture(driver, f"league-{width}", whole=True)
    assert complaints(driver) == []


def test_a_league_is_sorted_and_filtered_in_the_browser(
    screen: tuple[int, Chrome], page: Path
) -> None:
    """A column sorts by its numbers, empty cells last; the filter keeps rows with all words."""
    width, driver = screen
    driver.get(page.as_uri())
    choice = Select(driver.find_element(By.TAG_NAME, "select"))
    direction = driver.find_element(By.CSS_SELECTOR, ".controls button")
    as_written = shown(driver)
    assert sorted(as_written) == sorted(NAMES)
    choice.select_by_visible_text("p99 ms")
    fastest_first = [NAMES[0], NAMES[2], NAMES[1]]
    assert shown(driver) == fastest_first
    direction.click()
    assert shown(driver) == fastest_first[::-1]
    choice.select_by_visible_text("requests/s")
    assert shown(driver) == [NAMES[1], NAMES[2], NAMES[0]]
    direction.click()
    assert shown(driver) == [NAMES[2], NAMES[1], NAMES[0]]
    if width > 1000:
        heading = driver.find_element(By.XPATH, "//th/button[text()='broken rules']")
        heading.click()
        assert shown(driver) == [NAMES[1], NAMES[0], NAMES[2]]
    choice.select_by_index(0)
    assert shown(driver) == as_written
    driver.find_element(By.CSS_SELECTOR, "input[type=search]").send_keys("sqlite GO")
    assert shown(driver) == [NAMES[1]]
    assert complaints(driver) == []
