"""`make pictures` renews the pictures of docs/images/ from one rehearsal of the official run."""

import sys
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

from selenium.webdriver import Chrome

from pictures.badges import IMAGES
from pictures.film import film
from pictures.pages import WIDE, keep, show
from pictures.terminal import Frame, RecordingFailedError, Terminal
from stack.paths import ROOT
from tests.help.running import Stack
from tests.ops.browser import browser

# The load has its full rate then, and the page's charts show the ramp before it.
PAGE_AFTER_S = 52
SHOWN = "loadtest official --scale 0.25 --html report.html"
NOTE = "a minute in 20 seconds"
DESCRIPTION = (
    "The live screen of the judge during a rehearsal of the official run: progress, answers a"
    " second, latencies and outcomes; then the verdict"
)


def main() -> int:
    print("a rehearsal of the official run, in a minute")
    try:
        with tempfile.TemporaryDirectory() as folder:
            picture_run(Path(folder))
    except RecordingFailedError as error:
        print(
            f"the recorded run failed, so no picture of it was written:\n{error}", file=sys.stderr
        )
        return 1
    except KeyboardInterrupt:
        return 130
    for file in sorted(IMAGES.iterdir()):
        print(f"{file.relative_to(ROOT)}: {file.stat().st_size / 1000:.0f} kB")
    return 0


def picture_run(folder: Path) -> None:
    """Judges a stack of its own, and pictures the terminal, the page and the report."""
    url = "http://localhost:{}"
    with Stack(folder, ops=True) as stack, browser(*WIDE) as driver:
        show(driver, url.format(stack.ops_port))
        command = [
            *("env", f"PYTHONPATH={ROOT}", sys.executable, "-m"),
            *f"{SHOWN} {url.format(stack.port)}".split(),
        ]
        with Terminal(command, folder) as terminal, ThreadPoolExecutor(1) as pool:
            recording = pool.submit(terminal.record)
            page = folder / "page.png"
            keep_when_busy(driver, recording, page)
            frames = recording.result()
        show(driver, (folder / "report.html").as_uri())
        keep(driver, folder / "report.png")
    # Either all pictures are of one run, or none is renewed.
    for name in ("page.png", "report.png"):
        (IMAGES / name).write_bytes((folder / name).read_bytes())
    (IMAGES / "judge.svg").write_text(film(frames, f"$ {SHOWN}", NOTE, DESCRIPTION))


def keep_when_busy(driver: Chrome, recording: Future[list[Frame]], file: Path) -> None:
    ended, _ = wait([recording], PAGE_AFTER_S)
    if not ended:
        keep(driver, file)


if __name__ == "__main__":
    sys.exit(main())
