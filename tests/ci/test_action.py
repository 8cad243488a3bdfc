"""The action's scripts, run as on GitHub against a stub entry, without network."""

import hashlib
import platform
import shutil
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from loadtest.commands.parser import parser
from tests.ci.steps import Runner, Step, load, stand_in, steps_of
from tests.help.commands import run
from tests.help.installed_wheels import lock_of_wheels, offline
from tests.help.running import ROOT
from tests.loadtest.conftest import Serve

ACTION = load("action.yml")
STEPS = steps_of(ACTION)
# Stands for a judge that starts the entry: it does a short run against a server that listens.
STUB = """#!{python}
import os, sys
sys.path.insert(0, "{root}")
from loadtest.commands.main import run
words = sys.argv[1:]
with open("{folder}/words", "w") as file:
    file.write("\\0".join(words))
end = words.index("--")
print("::error::text of the entry", flush=True)
at = words.index("--scale")
options = [*words[1:at], *words[at + 2:end]]
sys.exit(run(["run", "127.0.0.1:{port}", "-n", "300", *options]))
"""


class Judged:
    """The step that judges, with a stub in place of the engine."""

    def __init__(self, folder: Path, port: int) -> None:
        self.runner = Runner(folder)
        self.folder, self.judge = folder, folder / "judge"
        self.judge.write_text(
            STUB.format(python=sys.executable, root=ROOT, folder=folder, port=port)
        )
        self.judge.chmod(0o755)

    def __call__(self, **inputs: str) -> Step:
        context = context_of(**inputs) | {"steps.install.outputs.judge": str(self.judge)}
        return self.runner.run(STEPS["Judge the entry"], context)

    @property
    def words(self) -> list[str]:
        return (self.folder / "words").read_text().split("\0")


def context_of(**inputs: str) -> dict[str, str]:
    """Returns the action's inputs with their defaults, as expressions name them."""
    given = {name: about.get("default", "") for name, about in ACTION["inputs"].items()} | inputs
    return {f"inputs.{name}": value for name, value in given.items()}


@pytest.fixture
def judged(tmp_path: Path, serve: Serve) -> Judged:
    return Judged(tmp_path, serve())


def test_a_fine_entry_passes(judged: Judged) -> None:
    """A fine entry ends with 0, and its verdict is in the job's summary."""
    step = judged()
    assert step.code == 0, step.log
    assert step.outputs == {"exit-code": "0"}
    assert step.summary.startswith("### ✅ PASS")
    reports = judged.runner.workspace / "loadtest-report"
    names = {"report.json", "report.html", "junit.xml", "comment.md"}
    assert {path.name for path in reports.iterdir()} == names


def test_an_entry_brings_no_verdict_of_its_own(judged: Judged) -> None:
    """Reports in the entry's repository are not shown, also where the judge writes none."""
    judged.judge.write_text("#!/bin/sh\nexit 2\n")
    reports = judged.runner.workspace / "loadtest-report"
    reports.mkdir()
    for name in ("comment.md", "report.json", "report.html", "junit.xml"):
        (reports / name).write_text("### ✅ PASS")
    step = judged(baseline="loadtest-report/report.json")
    assert (step.code, step.summary) == (2, "")
    assert [path.name for path in reports.iterdir()] == ["report.json"]


def test_the_judge_understands_the_action(judged: Judged) -> None:
    """The command line that the action makes is one of `loadtest arena`."""
    baseline = ROOT / "tests" / "loadtest" / "recorded" / "run.json"
    judged(entry="entries/mine", scale="0.5", thresholds="p99<60000", baseline=str(baseline))
    asked = parser().parse_args(judged.words)
    assert (asked.command, asked.scale) == ("arena", 0.5)
    assert "entries/mine" in map(str, vars(asked).values())
    assert [str(one) for one in asked.threshold] == ["p99 < 60000"]
    assert asked.baseline.command == "run"


def test_a_faulty_entry_fails_the_step(tmp_path: Path, serve: Serve) -> None:
    """A faulty entry fails the step, with the judge's exit code and the reasons in the summary."""
    step = Judged(tmp_path, serve("saldo_as_string"))()
    assert step.code == 1, step.log
    assert step.outputs == {"exit-code": "1"}
    assert step.summary.startswith("### ❌ FAIL")
    assert "saldo" in step.summary


def test_a_missed_threshold_fails_the_step(judged: Judged) -> None:
    """Thresholds are lines; one that does not hold fails the step."""
    step = judged(thresholds="rate>0.001\n\np99<0.0001\n")
    assert step.code == 1, step.log
    assert [
        judged.words[at + 1] for at, word in enumerate(judged.words) if word == "--threshold"
    ] == [
        "rate>0.001",
        "p99<0.0001",
    ]
    assert "threshold" in step.summary
    assert "0.001 does not hold" not in step.summary


def test_a_baseline_is_compared_once_there_is_one(judged: Judged) -> None:
    """A baseline that does not exist is no fault; the next run compares with it."""
    first = judged(baseline="main.json")
    assert first.code == 0, first.log
    assert "response p50, all" not in first.summary
    report = judged.runner.workspace / "loadtest-report" / "report.json"
    shutil.copy(report, judged.runner.workspace / "main.json")
    assert "response p50, all" in judged(baseline="main.json").summary


@pytest.mark.parametrize(
    "entry", ["$(touch hacked)", "`touch hacked`", '"; touch hacked; "', "-x y"]
)
def test_an_input_is_never_a_command(judged: Judged, entry: str) -> None:
    """An input with a shell's signs is one argument, and runs nothing."""
    step = judged(entry=entry)
    assert judged.words[-2:] == ["--", entry], step.log
    assert not (judged.runner.workspace / "hacked").exists()


def test_text_of_the_entry_cannot_command_the_runner(judged: Judged) -> None:
    """The judge's output stands where the runner does not look for commands."""
    lines = judged().log.splitlines()
    token = lines[0].removeprefix("::stop-commands::")
    assert lines[0] != token
    assert len(token) == 36
    assert lines.index("::error::text of the entry") < lines.index(f"::{token}::")


def test_every_input_reaches_a_script() -> None:
    """Each input is the value of a variable of a script, and stands in no script."""
    named = [value for step in STEPS.values() for value in step["env"].values()]
    for name in ACTION["inputs"]:
        assert f"${{{{ inputs.{name} }}}}" in named
    assert not any("${{" in step["run"] for step in STEPS.values())


class Releases:
    """The files of a release, served as GitHub serves them."""

    def __init__(self, folder: Path) -> None:
        self.file = f"loadtest-0.1.0-linux-{platform.machine()}"
        self.folder = folder / "Someone" / "rinha" / "releases" / "download" / "v0.1.0"
        self.folder.mkdir(parents=True)
        data = b"#!/bin/sh\necho the judge\n"
        (self.folder / self.file).write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        self.sums = self.folder / "SHA256SUMS"
        self.sums.write_text(f"{'0' * 64}  {self.file}.cdx.json\n{digest}  {self.file}\n")
        handler: Any = partial(SimpleHTTPRequestHandler, directory=str(folder))
        handler.log_message = lambda *_: None
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def install(self, folder: Path) -> Step:
        runner = Runner(folder)
        runner.environment["GITHUB_SERVER_URL"] = f"http://127.0.0.1:{self.server.server_port}"
        runner.environment["no_proxy"] = "127.0.0.1"
        context = context_of(version="0.1.0") | {"github.action_repository": "Someone/rinha"}
        return runner.run(STEPS["Install the judge"], context)


@pytest.fixture
def releases(tmp_path: Path) -> Iterator[Releases]:
    made = Releases(tmp_path / "served")
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.mark.needs("curl")
def test_a_released_judge_is_downloaded(releases: Releases, tmp_path: Path) -> None:
    """A released judge is downloaded by its version, and can be started."""
    step = releases.install(tmp_path)
    assert step.code == 0, step.log
    assert run(step.outputs["judge"]).out == "the judge\n"


@pytest.mark.needs("curl")
@pytest.mark.parametrize("fault", ["changed", "no checksum", "no file"])
def test_a_judge_with_a_wrong_checksum_is_refused(
    releases: Releases, tmp_path: Path, fault: str
) -> None:
    """A changed file, one without a checksum and a missing one fail the step."""
    if fault == "changed":
        (releases.folder / releases.file).write_text("#!/bin/sh\necho another\n")
    elif fault == "no checksum":
        releases.sums.write_text(releases.sums.read_text().splitlines()[0] + "\n")
    else:
        (releases.folder / releases.file).unlink()
    step = releases.install(tmp_path)
    assert step.code != 0
    assert "judge" not in step.outputs


@pytest.mark.slow
def test_the_judge_is_built_from_the_actions_sources(tmp_path: Path) -> None:
    """Without a version the judge is built from the action's own checkout, by the locks."""
    sources, wheels = tmp_path / "action", tmp_path / "wheels"
    wheels.mkdir()
    for name in ("loadtest", "packages"):
        shutil.copytree(ROOT / name, sources / name, symlinks=True)
    (sources / "stack").mkdir()
    for name in ("stack/install.sh", "LICENSE", "VERSION"):
        shutil.copy(ROOT / name, sources / name)
    (sources / "locks").mkdir()
    for name in ("build.txt", "loadtest.txt"):
        (sources / "locks" / name).write_text(lock_of_wheels(ROOT / "locks" / name, wheels))
    runner = Runner(tmp_path, Path(sys.executable).parent)
    runner.environment |= offline(wheels) | {"GITHUB_ACTION_PATH": str(sources)}
    step = runner.run(STEPS["Install the judge"], context_of() | {"github.action_repository": ""})
    assert step.code == 0, step.log
    done = run(step.outputs["judge"], "--help", cwd=tmp_path)
    assert done.code == 0, done.text
    assert "official" in done.out


def test_stand_ins_keep_what_they_are_given(tmp_path: Path) -> None:
    """A stand-in records its arguments and its whole input: the tests of workflows rely on it."""
    path = stand_in(tmp_path / "bin", "gh", "exit 3")
    piped = {"run": f"head --bytes=1000000 /dev/zero | {path} release create"}
    assert Runner(tmp_path).run(piped, {}).code == 3
    assert path.with_suffix(".log").read_text() == "release create\n"
    assert path.with_suffix(".in").stat().st_size == 1_000_000
