"""Runs the steps of a workflow or an action as GitHub's runner does."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.help.running import ROOT

EXPRESSION = re.compile(r"\$\{\{ *([\w.-]+) *\}\}")
STEP_MAX_S = 300.0
# As the runner calls `shell: bash`.
BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail")


class Step(NamedTuple):
    """The result of a step: exit code, log, and what it wrote into the runner's files."""

    code: int
    log: str
    outputs: dict[str, str]
    summary: str


class Runner:
    """A runner with folders of its own; `path` comes before the system's programs."""

    def __init__(self, folder: Path, path: Path | None = None) -> None:
        self.workspace, self.temp = folder / "workspace", folder / "temp"
        for made in (self.workspace, self.temp):
            made.mkdir(exist_ok=True)
        self.environment = {
            "PATH": os.pathsep.join(map(str, filter(None, [path, os.environ["PATH"]]))),
            "HOME": str(folder),
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_REPOSITORY": "Someone/rinha",
            "GITHUB_ACTOR": "someone",
            "GITHUB_SERVER_URL": "https://github.invalid",
            "RUNNER_TEMP": str(self.temp),
        }

    def run(self, step: Mapping[str, Any], context: Mapping[str, str], **more: str) -> Step:
        """Runs a step; the context has the value of each expression in it."""
        assert not EXPRESSION.search(step["run"]), "an expression in a script is an injection"
        files = {
            name: self.temp / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")
        }
        for path in files.values():
            path.write_text("")
        given = {name: evaluated(value, context) for name, value in step.get("env", {}).items()}
        environment = self.environment | {name: str(path) for name, path in files.items()}
        script = self.temp / "step.sh"
        script.write_text(step["run"])
        done = subprocess.run(
            [*BASH, script],
            cwd=self.workspace,
            env=environment | given | more,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=STEP_MAX_S,
            check=False,
        )
        lines = files["GITHUB_OUTPUT"].read_text().splitlines()
        outputs = dict(line.split("=", 1) for line in lines)
        return Step(done.returncode, done.stdout, outputs, files["GITHUB_STEP_SUMMARY"].read_text())


def evaluated(text: str, context: Mapping[str, str]) -> str:
    """Returns a value with its expressions evaluated; one that the context lacks is an error."""
    return EXPRESSION.sub(lambda found: context[found[1]], text)


def load(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text())


def steps_of(document: Any) -> dict[str, Any]:
    """Returns the steps of an action or a job that have a script, by name."""
    steps = document["runs"]["steps"] if "runs" in document else document["steps"]
    return {step["name"]: step for step in steps if "run" in step}


def stand_in(folder: Path, name: str, script: str = "") -> Path:
    """Makes a program that writes its arguments to NAME.log and its input to NAME.in.

    Then it runs the script. It reads its input to the end, so that the program that writes it does
    not fail.
    """
    folder.mkdir(exist_ok=True)
    path = folder / name
    lines = (
        f"#!{shutil.which('bash')}",
        f'printf "%s\\n" "$*" >>"{path}.log"',
        f'[ ! -p /dev/stdin ] || cat >>"{path}.in"',
        script,
    )
    path.write_text("".join(f"{line}\n" for line in lines))
    path.chmod(0o755)
    return path
