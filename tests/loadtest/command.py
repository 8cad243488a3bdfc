"""Runs `loadtest` as a user does, in its own process."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from loadtest.crebitos.report import CrebitosReport, Official
from loadtest.editions import any_report
from loadtest.report.data import Load
from loadtest.report.json import read_json

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Ran:
    """Result of a finished command; the report exists only if a folder was given."""

    code: int
    out: str
    path: Path

    @cached_property
    def report(self) -> CrebitosReport:
        return read_json(self.path, CrebitosReport)

    @property
    def load(self) -> Load:
        assert self.report.load is not None
        return self.report.load

    @property
    def official(self) -> Official:
        assert self.report.official is not None
        return self.report.official

    @property
    def is_right(self) -> bool:
        """Returns whether no answer was wrong. A busy machine may make each run slow or invalid."""
        verdicts = re.findall(r"^(?:.*: )?(PASS|INVALID|FAIL: \w+)", self.out, re.MULTILINE)
        return bool(verdicts) and set(verdicts) <= {"PASS", "INVALID", "FAIL: slow"}

    @property
    def reasons(self) -> str:
        """Returns the reasons of the verdict, for a report of any edition."""
        return "\n".join(read_json(self.path, any_report()).verdict.reasons)


def loadtest(*words: object, folder: Path | None = None, timeout_s: float = 60) -> Ran:
    """Runs `loadtest` with these arguments; with a folder, the JSON report is written there."""
    path = (folder or Path("/nonexistent")) / "report.json"
    extra = ["--json", str(path)] if folder is not None else []
    command = [sys.executable, "-m", "loadtest", *map(str, words), *extra]
    done = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        env={**os.environ, "NO_COLOR": "1"},
        check=False,
    )
    return Ran(done.returncode, done.stdout + done.stderr, path)
