"""Runs the command as a user does, in a process of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Ran:
    """What a finished command left."""

    code: int
    out: str
    report: dict[str, Any]

    @property
    def reasons(self) -> str:
        return "\n".join(self.report["verdict"]["reasons"])


def loadtest(*words: object, folder: Path | None = None, timeout_s: float = 60) -> Ran:
    """Runs `loadtest WORDS`; with a folder, the JSON report is written there and read back."""
    path = folder / "report.json" if folder is not None else None
    extra = ["--json", str(path)] if path is not None else []
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
    report = json.loads(path.read_text()) if path is not None and path.exists() else {}
    return Ran(done.returncode, done.stdout + done.stderr, report)
