"""The judge's page in a real browser is readable on a phone and a desktop, for any figures."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from loadtest.report.html import write_html
from tests.help.invented_reports import SPEEDS_MS, invented_reports
from tests.ops.browser import browser, complaints, keep_picture
from tests.ops.readable import WIDTHS, unreadable


@pytest.fixture(scope="module", params=WIDTHS)
def screen(request: pytest.FixtureRequest) -> Iterator[tuple[int, Chrome]]:
    width: int = request.param
    with browser(width, WIDTHS[width]) as driver:
        yield width, driver


@pytest.mark.parametrize("speed", SPEEDS_MS)
def test_every_report_can_be_read(screen: tuple[int, Chrome], tmp_path: Path, speed: str) -> None:
    """No word is broken, no label cut or tiny, no row too high, nothing wider than the screen."""
    width, driver = screen
    for name, report in invented_reports(speed).items():
        page = tmp_path / f"{name}.html"
        write_html(report, page)
        driver.get(page.as_uri())
        found = unreadable(driver)
        keep_picture(driver, f"report-{name}-{speed}-{width}", whole=True)
        assert found == [], (name, found)
        assert complaints(driver) == []
