"""The machinery serves any edition: a small test edition is driven, measured and reported."""

import re
import subprocess
import tomllib
from collections.abc import Sequence
from fnmatch import fnmatch
from functools import partial
from io import StringIO
from itertools import repeat
from pathlib import Path

import pytest
from rich.console import Console

from loadtest.commands.parser import parser
from loadtest.crebitos.edition import CREBITOS
from loadtest.drive import worker
from loadtest.drive.memory import MemoryFile
from loadtest.drive.plan import Plan
from loadtest.drive.run import run_workers
from loadtest.editions import CONTESTS, EDITIONS, edition
from loadtest.measure.health import generator_health, rate_of
from loadtest.measure.recorder import Recorder
from loadtest.pessoas.edition import PESSOAS
from loadtest.report.data import Report, load_of
from loadtest.report.html import page
from loadtest.report.json import read_json, write_json
from loadtest.report.judgement import Line, judge_load
from loadtest.report.progress import PlainLines
from loadtest.report.table import Table
from loadtest.report.text import print_report
from loadtest.wire.request import CHECK, Address, Kind, Request, get
from tests.help.forks import apart
from tests.loadtest.command import ROOT
from tests.loadtest.conftest import Respond, answering

GREETING = Kind(1, "greetings", frozenset({201}))
SIZE = 60


class GreetingWatch:
    """Counts the answers "hello", for the process that reports."""

    def __init__(self, file: MemoryFile) -> None:
        self._file, self._greeted = file, 0

    def ended(self, _request: Request, _code: int, body: bytes, _sent_ns: int) -> None:
        self._greeted += body == b"hello"

    def flush(self) -> None:
        self._file.write(bytes([self._greeted]))


class GreetingReport(Report, tag="greetings", kw_only=True):
    """A report with one field of its own."""

    greeted: int

    def faults(self) -> list[str]:
        return [] if self.greeted == SIZE else [f"{SIZE - self.greeted} did not greet back"]

    def tables(self) -> Sequence[Table]:
        return [Table("manners", ("", ""), [("greeted back", str(self.greeted))])]


def greet(port: int) -> GreetingReport:
    address, file = Address("127.0.0.1", port), MemoryFile()
    requests = repeat(Request(GREETING, get(address, "/hello")))
    plan = Plan(address, "closed", 3, 60.0, SIZE, seed=1, workers=1, timeout_s=5.0)
    watch_of = partial(_watch, file)
    work = partial(worker.work, plan, [requests], 1, watch_of)
    done = run_workers(work, 1, address, (GREETING, CHECK), PlainLines(None, SIZE))
    load = load_of(done.tally, rate_of(done.tally, None), [], generator_health(done.tally, 1))
    [greeted] = file.read(0, file.size)
    report = GreetingReport(command="run", way="politely", target="x", load=load, greeted=greeted)
    report.verdict = judge_load(report, load, Line(slow_ms=1_000, share_max=1), [])
    return report


def _watch(file: MemoryFile, _worker: int, _recorder: Recorder) -> GreetingWatch:
    return GreetingWatch(file)


def test_an_edition_is_driven_judged_and_shown_by_its_own_words(
    answer_with: Respond, tmp_path: Path
) -> None:
    """An edition supplies kinds, statuses, watch and tables; text, page and JSON show them."""
    report = apart(greet, answer_with(answering(201, b"hello")))
    assert report.verdict.state == "pass", report.verdict.reasons
    assert report.load is not None
    assert report.load.mix == {"greetings": SIZE, "checks": 0}
    console = Console(file=StringIO(), width=120)
    print_report(report, console)
    for shown in (console.file.getvalue(), page(report)):  # type: ignore[attr-defined]
        assert "greeted back" in shown
        assert "greetings" in shown
    write_json(report, tmp_path / "report.json")
    assert read_json(tmp_path / "report.json", GreetingReport) == report


def test_the_edition_defines_which_status_is_right(
    answer_with: Respond,
) -> None:
    """The edition defines the correct status; a wrong one fails, and so does a missed greeting."""
    report = apart(greet, answer_with(answering(200, b"who?")))
    assert report.verdict.state == "fail"
    assert f"{SIZE} did not greet back" in report.verdict.reasons
    assert f"{SIZE} greetings: status 200" in report.verdict.reasons


def test_files_that_are_not_python_are_packed() -> None:
    """The package data has every file that is not Python: style, Gatling's build and simulation."""
    project = ROOT / "packages" / "loadtest" / "pyproject.toml"
    packed = tomllib.loads(project.read_text())["tool"]["setuptools"]
    listed = subprocess.run(
        ["git", "ls-files", "loadtest"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    files = {ROOT / name for name in listed.stdout.splitlines() if not name.endswith(".py")}
    found = {
        path
        for package, patterns in packed["package-data"].items()
        for pattern in patterns
        for path in (ROOT / package.replace(".", "/")).glob(pattern)
        if package.startswith("loadtest.")
    }
    assert found >= files > set()
    included = packed["packages"]["find"]["include"]
    assert any(fnmatch("loadtest.report", pattern) for pattern in included)


def test_every_edition_has_one_name_everywhere() -> None:
    """An edition's name is that of its folder and its reports; the contest's name leads to it."""
    assert [edition(name) for name in EDITIONS] == [CREBITOS, PESSOAS]
    tags = [edition(name).report_type.__struct_config__.tag for name in EDITIONS]
    assert tags == list(EDITIONS) == list(CONTESTS.values())
    for contest, name in CONTESTS.items():
        assert (ROOT / "loadtest" / name).is_dir()
        for word in (contest, name):
            assert parser().parse_args(["check", "--edition", word]).edition == name


@pytest.mark.parametrize(
    "folder", ["wire", "measure", "drive", "report", "league", "gatling", "judging"]
)
def test_no_shared_folder_knows_an_edition(folder: str) -> None:
    """No module of the machinery contains a word that belongs to one edition."""
    words = re.compile(
        r"client|extrato|statement|debit|credit|saldo|limite\b|transac|USD|pessoa|people|apelido",
        re.I,
    )
    for path in (ROOT / "loadtest" / folder).rglob("*.py"):
        assert not words.findall(path.read_text()), path
