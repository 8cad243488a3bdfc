"""Headless Chromium from Debian, driven by its own driver."""

import contextlib
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

from selenium.webdriver import Chrome, ChromeOptions, ChromeService

# Background services of a desktop browser fail in a closed network.
QUIET = ("background-networking", "component-update", "sync", "gpu", "quic")


@contextlib.contextmanager
def browser(width: int, height: int, *, dark: bool = False) -> Iterator[Chrome]:
    options = ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for word in (
        "headless=new",
        "no-sandbox",
        "no-first-run",
        *(f"disable-{one}" for one in QUIET),
    ):
        options.add_argument(f"--{word}")
    driver = Chrome(options, ChromeService("/usr/bin/chromedriver"))
    try:
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        yield driver
    finally:
        driver.quit()


def complaints(driver: Chrome) -> list[str]:
    """Returns the console messages above level INFO."""
    entries = driver.get_log("browser")  # type: ignore[no-untyped-call]
    return [entry["message"] for entry in entries if entry["level"] != "INFO"]


def keep_picture(driver: Chrome, name: str, *, whole: bool = False) -> None:
    """Saves a picture of the screen, or of the whole page, for a person to look at."""
    folder = Path("out/page")
    folder.mkdir(parents=True, exist_ok=True)
    words = {"captureBeyondViewport": whole}
    taken = driver.execute_cdp_cmd("Page.captureScreenshot", words)
    (folder / f"{name}.png").write_bytes(b64decode(taken["data"]))
