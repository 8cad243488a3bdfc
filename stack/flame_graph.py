"""A flame graph of one instance under load: py-spy starts the instance and samples its stacks.

The stack is a new one on an empty ledger, in a temporary folder. It touches no stack that runs.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from rinha import settings
from rinha.errors import RinhaError
from rinha.terminal import INTERRUPTED, printable
from stack.drill import free_port
from stack.part import Part
from stack.parts import Layout, parts_of
from stack.paths import PATH, ROOT
from stack.run.processes import Processes, StackFailedError

PROFILED = "api01"
# The connections of the benchmark's load at capacity. py-spy takes 100 samples a second.
CONNECTIONS, SECONDS = 14, 6
PICTURE = "profile.svg"
EXIT_BROKEN = 2


def main() -> int:
    argparse.ArgumentParser(prog="make profile", description=__doc__).parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))
    py_spy = shutil.which("py-spy", path=f"{Path(sys.executable).parent}:{PATH}")
    if py_spy is None:
        print("rinha: there is no py-spy: `make profile` installs it", file=sys.stderr)
        return EXIT_BROKEN
    with tempfile.TemporaryDirectory(prefix="rinha-profile-") as name:
        try:
            picture = profile(Path(name), py_spy)
        except (StackFailedError, RinhaError, OSError) as error:
            print(f"rinha: no profile: {printable(str(error))}", file=sys.stderr)
            return EXIT_BROKEN
        except KeyboardInterrupt:
            return INTERRUPTED
    print(picture.relative_to(ROOT))
    return 0


def profile(folder: Path, py_spy: str) -> Path:
    """Profiles an instance of a stack in the folder; returns the picture, which is in out/."""
    port = free_port()
    environment = {
        "RINHA_LEDGER": "rinha.db",
        "RINHA_REPLICA": "",
        "BIND": "127.0.0.1",
        "PORT": str(port),
        "OPS_PORT": "off",
    }
    asked = settings.load({**os.environ, **environment})
    parts = [
        sampled(part, py_spy, folder / PICTURE) if part.name == PROFILED else part
        for part in parts_of(Layout(asked, folder))
    ]
    with Processes(parts, folder, environment) as running:
        load(port, asked.edition)
        running.assert_alive()
    if not (folder / PICTURE).exists():
        log = (folder / f"{PROFILED}.log").read_text(errors="replace").strip()
        raise StackFailedError(f"py-spy wrote no picture: {log[-500:]}")
    (ROOT / "out").mkdir(exist_ok=True)
    name = f"profile-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.svg"
    return Path(shutil.move(folder / PICTURE, ROOT / "out" / name))


def sampled(part: Part, py_spy: str, picture: Path) -> Part:
    """Returns the part as a child of py-spy, which writes the picture on SIGINT.

    A parent may sample its child without root. `--native` adds the frames of C libraries.
    """
    command = (py_spy, "record", "--native", "--output", picture, "--", *part.command)
    return replace(part, command=command, stop_signal=signal.SIGINT)


def load(port: int, edition: str) -> None:
    target = [f"http://127.0.0.1:{port}", "--edition", edition, "--plain", "--no-checks"]
    args = ["run", *target, "-c", str(CONNECTIONS), "-d", str(SECONDS)]
    command = [sys.executable, "-m", "loadtest", *args]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    # 4: the generator got too little CPU, which does not matter here.
    if done.returncode not in (0, 4):
        raise StackFailedError(f"the load: {(done.stderr or done.stdout).strip()[-500:]}")


if __name__ == "__main__":
    sys.exit(main())
