"""The page in a real browser shows the true state and logs nothing on its console."""

import contextlib
import http.client
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests.help.commands import wait_until
from tests.help.running import Stack, finish, rinha
from tests.help.small_disk import small_disk
from tests.help.transaction_load import TransactionLoad
from tests.ops.browser import browser, complaints, keep_picture

TIMEOUT_S = 15.0
GONE_WITHIN_S = 3.0
WIDE, PHONE = (1280, 1100), (400, 2400)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("page"), ops=True) as running:
        yield running


@pytest.fixture
def page(stack: Stack) -> Iterator[Chrome]:
    with browser(*WIDE) as driver:
        driver.get(f"http://localhost:{stack.ops_port}/")
        yield driver
        assert complaints(driver) == []


def until(is_so: Callable[[], bool], within_s: float = TIMEOUT_S) -> None:
    wait_until(is_so, lambda: "the page does not show it", within_s)


def words(driver: Chrome, selector: str) -> str:
    """Returns the current text; the page rebuilds its tables each second."""
    script = "return document.querySelector(arguments[0])?.textContent ?? ''"
    return str(driver.execute_script(script, selector))


def tile(driver: Chrome, name: str) -> str:
    """Returns the number in a tile; it is empty before the first answer."""
    return words(driver, f'[data-tile="{name}"] strong')


def rate(driver: Chrome, name: str) -> float:
    return float(tile(driver, name).replace(",", "") or "0")


def test_a_load_that_runs_is_seen(stack: Stack, page: Chrome) -> None:
    """A running load is shown: its rate, its newest rows and the balances."""
    with TransactionLoad(stack.port, 340, seed=1):
        until(lambda: 300 < rate(page, "requests/s") < 380)
        newest = words(page, '[data-table="transacoes"]')
        until(lambda: words(page, '[data-table="transacoes"]') != newest)
        keep_picture(page, "load")
    saldo = stack.client().extrato(1)["saldo"]["total"]
    shown = f"{saldo / 100:,.2f}"
    until(lambda: shown in words(page, '[data-table="clientes"]'))
    until(lambda: rate(page, "requests/s") == 0)


def test_a_storm_of_refusals_is_seen(stack: Stack, page: Chrome) -> None:
    """Debits beyond the limit are shown as refusals with their reason, and not as errors."""
    client = stack.client()

    def refuse() -> bool:
        for _ in range(50):
            assert client.transact(2, 10**9, "d").status == 422
        return rate(page, "refusals/s") > 20

    until(refuse)
    until(lambda: "LimiteExceeded" in words(page, "#tiles"))
    assert rate(page, "errors/s (5xx)") == 0
    keep_picture(page, "refusals")


def test_a_killed_instance_is_seen_within_three_seconds(stack: Stack, page: Chrome) -> None:
    """A killed instance is shown as gone, and as alive after its restart."""
    state = page.find_element(By.ID, "state")
    until(lambda: state.text == "2 of 2 instances alive")
    stack.kill("api02")
    # The page asks once a second, and the last heartbeat may be a second old.
    until(lambda: state.text == "1 of 2 instances alive", GONE_WITHIN_S + 1)
    keep_picture(page, "gone")
    stack.start_part("api02")
    until(lambda: state.text == "2 of 2 instances alive")


def test_nothing_that_answers_is_seen(stack: Stack, page: Chrome) -> None:
    """With every instance gone the page says so, and recovers by itself."""
    state = page.find_element(By.ID, "state")
    until(lambda: "alive" in state.text)
    stack.kill("api01", "api02")
    until(lambda: "no answer" in state.text)
    complaints(page)  # the browser itself logs each 502
    stack.start_part("api01")
    stack.start_part("api02")
    until(lambda: state.text == "2 of 2 instances alive")
    complaints(page)


def test_a_full_disk_is_seen(page: Chrome, tmp_path: Path) -> None:
    """A full disk is shown: at least two tiles have the error colour; the error rate is not 0."""
    with small_disk(tmp_path / "disk", 1 << 20) as disk, Stack(disk, ops=True) as small:
        page.get(f"http://localhost:{small.ops_port}/")
        (disk / "filler").write_bytes(bytes((disk.stat().st_blksize or 4096) * 16))
        client = small.client()

        def fill() -> bool:
            for _ in range(100):
                # The first answer whose commit fails may break off.
                with contextlib.suppress(http.client.IncompleteRead):
                    client.transact(1, 1, "c", "x" * 10)
            return len(page.find_elements(By.CSS_SELECTOR, "#tiles strong.bad")) >= 2

        until(fill, 4 * TIMEOUT_S)
        assert rate(page, "errors/s (5xx)") > 0
        keep_picture(page, "full-disk")
        page.get("about:blank")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [WIDE, PHONE], ids=["wide", "phone"])
def test_it_fits_the_screen(stack: Stack, width: int, height: int, dark: bool) -> None:
    """Nothing is wider than the screen, in either colour scheme; both languages are complete."""
    with browser(width, height, dark=dark) as driver:
        driver.get(f"http://localhost:{stack.ops_port}/")
        with TransactionLoad(stack.port, 100, seed=2):
            until(lambda: rate(driver, "requests/s") > 50)
            keep_picture(driver, f"{'dark' if dark else 'light'}-{width}")
        assert driver.execute_script("return document.documentElement.scrollWidth") <= width
        driver.find_element(By.ID, "language").click()
        until(lambda: "instâncias vivas" in driver.find_element(By.ID, "state").text)
        assert "undefined" not in driver.find_element(By.TAG_NAME, "main").text
        assert complaints(driver) == []


@pytest.mark.parametrize(("width", "height"), [WIDE, PHONE], ids=["wide", "phone"])
def test_a_name_is_text_and_a_closed_client_says_so(stack: Stack, width: int, height: int) -> None:
    """A name is shown as written, a closed client as closed, and no table is cut off."""
    stack.reset()
    name = "<b>&amp;" + "W" * 50
    for change in (("add", "6", "--limite", "10000000", "--nome", name), ("close", "6")):
        assert finish(rinha("cliente", *change, RINHA_LEDGER=stack.ledger))[0] == 0
    with browser(width, height) as driver:
        driver.get(f"http://localhost:{stack.ops_port}/")
        until(lambda: words(driver, "tr.closed td.text") == name)
        shown = words(driver, '[data-table="clientes"]')
        assert shown.count("closed") == 1
        assert not any(word in shown for word in ("true", "false", "fechado"))
        keep_picture(driver, f"closed-{width}")
        widths = "return [...document.querySelectorAll('#tables .card')].map("
        widths += "(card) => card.scrollWidth - card.clientWidth)"
        assert not any(driver.execute_script(widths))
        driver.find_element(By.ID, "language").click()
        until(lambda: "fechado" in words(driver, "tr.closed"))
        assert complaints(driver) == []
    stack.reset()


def test_audits_are_told_as_what_they_are(stack: Stack, page: Chrome, tmp_path: Path) -> None:
    """The audit tile shows scheduled audits only: off without a schedule, otherwise the verdict."""
    until(lambda: tile(page, "scheduled audit") == "off")
    with Stack(tmp_path, ops=True, RINHA_AUDIT_EVERY="1s") as audited, browser(*WIDE) as other:
        other.get(f"http://localhost:{audited.ops_port}/")
        until(lambda: "every promise holds" in words(other, "#tiles"))
        # One hour after the last audit, with a schedule of one second.
        late = """const old = answers.at(-1);
            return auditOf({ ...old, now: old.now + 3600 }).join(", ")"""
        assert "late" in other.execute_script(late)


def test_no_hole_is_left_beside_a_chart(stack: Stack, page: Chrome) -> None:
    """At 1280 px the last row of charts is as wide as the others."""
    until(lambda: len(page.find_elements(By.CSS_SELECTOR, "#charts .card")) == 7)
    rights = "return [...document.querySelectorAll('#charts .card')].map((c) => Math.round("
    rights += "c.getBoundingClientRect().right))"
    edges = page.execute_script(rights)
    assert edges[-1] == max(edges)


def test_a_page_that_stays_open_does_not_grow(stack: Stack, page: Chrome) -> None:
    """The page keeps a bounded number of answers, even after hours of them."""
    until(lambda: "alive" in page.find_element(By.ID, "state").text)
    page.execute_async_script(
        """const done = arguments[0], last = answers.at(-1);
        for (let n = 1; n < 2000; n++) take({ ...last, at: last.at + n, now: last.now + n });
        done();"""
    )
    points = page.execute_script(
        "return Math.max(answers.length, ...Object.values(series).map((one) => one.length))"
    )
    assert points <= 300


def test_the_line_of_a_removed_instance_ends(stack: Stack, page: Chrome) -> None:
    """An instance that `make up` removed has no values from then on; its old ones keep their
    times."""
    until(lambda: "alive" in page.find_element(By.ID, "state").text)
    values = page.execute_script(
        """const last = answers.at(-1), left = new Map([...last.instances].slice(0, 1));
        const line = `cpu ${[...last.instances.keys()][1]}`;
        for (let n = 1; n < 4; n++) take({ ...last, instances: left, at: last.at + n });
        return [series.time.length, series[line].length, series[line].at(-1)];
        """
    )
    assert values == [values[0], values[0], None]
