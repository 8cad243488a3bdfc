"""The page in a real browser, for the edition pessoas."""

from pathlib import Path

from selenium.webdriver.common.by import By

from tests.help.people_load import PeopleLoad
from tests.help.running import Stack
from tests.ops.browser import browser, complaints, keep_picture
from tests.ops.test_page import WIDE, rate, tile, until, words


def test_people_as_they_come_are_seen(tmp_path: Path) -> None:
    """The page shows the count, the newest people, inserts and searches, in both languages."""
    with Stack(tmp_path, ops=True, RINHA_EDITION="pessoas") as stack, browser(*WIDE) as page:
        page.get(f"http://localhost:{stack.ops_port}/")
        with PeopleLoad(stack.port, 200, seed=1) as load:
            until(lambda: 150 < rate(page, "requests/s") < 260)
            legend = '[data-chart="paths"] .u-legend'
            until(lambda: "/pessoas 200" in words(page, legend))
            until(lambda: "/pessoas 201" in words(page, legend))
            keep_picture(page, "people")
        there = stack.client()("GET", "/contagem-pessoas").body.decode()
        until(lambda: tile(page, "rows").replace(",", "") == there)
        newest = max(load.outcomes, key=lambda one: int(one.apelido.split()[-1])).apelido
        assert newest in words(page, '[data-table="pessoas"]')
        page.find_element(By.ID, "language").click()
        until(lambda: "pessoas mais novas" in page.find_element(By.ID, "tables").text)
        assert "undefined" not in page.find_element(By.TAG_NAME, "main").text
        assert complaints(page) == []
