"""The services of a cluster under runit, each with a run script and a logger."""

import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from stack.launch import ROOT

LOOK_AGAIN_S = 0.1
RUN = """#!/bin/sh
# Written by `make cluster`.
exec 2>&1
cd /
exec {command}
"""
LOG = """#!/bin/sh
exec svlogd ../../../log/{name}
"""
# Three old files of 10 MB each beside the current one.
LOG_CONFIG = "s10000000\nn3\n"


class Services:
    """Services in a folder, whose path is relative to the top of the checkout."""

    def __init__(self, top: Path) -> None:
        self.folder = top / "service"
        self._log = top / "log"
        self._pid_file = top / "runsvdir.pid"

    def write(self, name: str, command: Sequence[str]) -> None:
        text = RUN.format(command=shlex.join(command))
        _write_script(self.folder / name / "run", text)
        _write_script(self.folder / name / "log" / "run", LOG.format(name=name))
        logs_of = self._log / name
        logs_of.mkdir(parents=True, exist_ok=True)
        (logs_of / "config").write_text(LOG_CONFIG)

    def start(self) -> None:
        self._log.mkdir(parents=True, exist_ok=True)
        with (self._log / "runsvdir.log").open("w") as log:
            supervisor = subprocess.Popen(
                ["runsvdir", "-P", self.folder],
                stdin=log,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._pid_file.write_text(str(supervisor.pid))

    def supervisor(self) -> int | None:
        """Returns the pid of this cluster's runsvdir, or None.

        The pid in the file may belong to another process by now.
        """
        try:
            pid = int(self._pid_file.read_text())
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            folder = Path(f"/proc/{pid}/cwd").readlink()
        except (OSError, ValueError):
            return None
        return pid if folder == ROOT and str(self.folder).encode() in words else None

    def end(self, patience_s: int, *groups: str) -> None:
        """Ends the services in groups, one after another; each group is a pattern of names.

        It ends services of a killed supervisor too.
        """
        pid = self.supervisor()
        if pid:
            os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + patience_s
            while self.supervisor() and time.monotonic() < deadline:
                time.sleep(LOOK_AGAIN_S)
        self._pid_file.unlink(missing_ok=True)
        for pattern in groups:
            if found := self.named(pattern):
                subprocess.run(
                    ["sv", "-w", str(patience_s), "force-shutdown", *found],
                    check=False,
                    stdout=subprocess.DEVNULL,
                )
        shutil.rmtree(self.folder, ignore_errors=True)

    def named(self, pattern: str = "*") -> list[Path]:
        return sorted(self.folder.resolve().glob(pattern))

    def log_files(self) -> list[Path]:
        return sorted(self._log.glob("*/current"))


def _write_script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
