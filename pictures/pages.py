"""Pictures of pages in a browser, as PNG files of few colours."""

import subprocess
from base64 import b64decode
from pathlib import Path

from selenium.webdriver import Chrome

# The charts of the operator's page end at this height.
WIDE = (1280, 932)
# Enough for pages of flat colours; a picture is a quarter as large as with all of them.
COLOURS = 128


def show(driver: Chrome, url: str) -> None:
    """Opens a page, without its scrollbars."""
    driver.get(url)
    driver.execute_script("document.documentElement.style.overflow = 'hidden'")


def keep(driver: Chrome, file: Path) -> None:
    """Writes what the browser's window shows."""
    taken = driver.execute_cdp_cmd("Page.captureScreenshot", {})
    command = ["pngquant", "--strip", "--speed", "1", str(COLOURS), "-"]
    small = subprocess.run(command, check=True, capture_output=True, input=b64decode(taken["data"]))
    file.write_bytes(small.stdout)
