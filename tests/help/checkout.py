"""A separate checkout in which tests run the stack as a user does."""

import contextlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

from stack.part import listens
from tests.help.commands import run, wait_until
from tests.help.ports import free_port
from tests.help.running import ANSWER_MAX_S, ROOT


def processes_in(folder: Path) -> dict[int, str]:
    """Returns the command line of each process whose working directory is in the folder."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "cwd").readlink().is_relative_to(folder.resolve()):
                words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                found[int(process.name)] = words.strip()
    return found


def wait_until_nothing_runs_in(folder: Path) -> None:
    """Fails if a process in the folder stays. One that was killed may need a moment."""

    def left() -> dict[int, str]:
        return {pid: words for pid, words in processes_in(folder).items() if words}

    wait_until(lambda: not left(), left)


class Checkout:
    def __init__(self, folder: Path) -> None:
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, check=True, capture_output=True, text=True,
        )  # fmt: skip
        for name in listed.stdout.splitlines():
            if (ROOT / name).exists():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
        (folder / ".venv").symlink_to(sys.prefix)
        self.folder = folder
        self.port, self.ops_port = free_port(), free_port()

    def stack(self, command: str, **environment: str) -> tuple[int, str]:
        """Runs the command behind `make COMMAND`; returns its exit code and output."""
        words = (sys.executable, "-m", "stack", *command.split())
        ports = {"PORT": str(self.port), "OPS_PORT": str(self.ops_port)}
        env = ports | environment
        done = run(*words, cwd=self.folder, env=env, timeout_s=ANSWER_MAX_S)
        return done.code, done.text

    def instances(self) -> dict[str, int]:
        """Returns the pid of each running instance, by name."""
        _, text = self.stack("status")
        found = re.findall(r"run: \S+/(api\d\d): \(pid (\d+)\)", text)
        return {name: int(pid) for name, pid in found}

    def wait_for_another(self, name: str, pid: int) -> None:
        socket = self.folder / "var" / f"{name}.sock"
        wait_until(
            lambda: self.instances().get(name, pid) != pid and listens(socket),
            lambda: f"{name} did not come back",
        )

    def wait_until_nothing_runs(self) -> None:
        """Fails if a process of this checkout stays."""
        wait_until_nothing_runs_in(self.folder)
