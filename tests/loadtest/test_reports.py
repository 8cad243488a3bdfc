"""Reports, comparison, interruption and the target's figures."""

import os
import re
import signal
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest

from loadtest.crebitos.mix import DEBIT
from loadtest.crebitos.official.verdict import LINE, official_part
from loadtest.crebitos.report import Cliente, CountedBreak, Counts, CrebitosReport
from loadtest.measure.recorder import Example
from loadtest.measure.target.processes import target_processes
from loadtest.measure.target.usage import Quota, Sample, TargetUsage, Usage, Used
from loadtest.report.data import Rule, Verdict
from loadtest.report.json import read_json, write_json
from loadtest.report.judgement import judge_load
from tests.help.simulated_runs import closed_run, simulated_report
from tests.loadtest.command import ROOT, loadtest
from tests.loadtest.conftest import Serve


def made_report(seed: int, slower: float = 1.0) -> CrebitosReport:
    return simulated_report(load=closed_run(seed, slower))


def test_two_runs_may_write_one_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes that write a report at once both succeed, and leave nothing beside it."""
    path, replace, pid = tmp_path / "report.json", Path.replace, os.getpid()
    ours, other = (simulated_report(seed=seed) for seed in (1, 2))

    def between(partial: Path, target: Path) -> Path:
        monkeypatch.setattr(Path, "replace", replace)
        monkeypatch.setattr(os, "getpid", lambda: pid + 1)
        write_json(other, path)
        return replace(partial, target)

    monkeypatch.setattr(Path, "replace", between)
    write_json(ours, path)
    assert read_json(path, CrebitosReport).seed == ours.seed
    assert list(tmp_path.iterdir()) == [path]


def test_compare_takes_baselines_and_fails_on_regression(tmp_path: Path) -> None:
    """`compare` exits with 1 only under --fail-on-regression, and only for a worse run."""
    names = []
    for name, slower in (("before", 1.0), ("after", 1.5)):
        path = tmp_path / f"{name}.json"
        write_json(made_report(3, slower), path)
        names.append(path)
    assert loadtest("compare", *names).code == 0
    assert loadtest("compare", *names, "--fail-on-regression").code == 1
    assert loadtest("compare", *reversed(names), "--fail-on-regression").code == 0


def test_a_report_can_be_kept_under_a_name(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A baseline is found again by its name."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    port = serve()
    assert loadtest("run", f"127.0.0.1:{port}", "-n", 200, "--save-baseline", "first").is_right
    ran = loadtest("compare", "first", "first", "--fail-on-regression", 5)
    assert ran.code == 0
    assert "1.00" in ran.out


@pytest.mark.parametrize(("late_ms", "state"), [(10, "fail"), (100, "invalid")])
def test_a_late_generator_excuses_slow_answers_only_when_it_could_cause_them(
    late_ms: int, state: str
) -> None:
    """A delay of 10 ms does not excuse answers of 300 ms; one of 100 ms makes the run invalid."""
    report, load = made_report(1), closed_run(1, slower=300.0)
    assert load.generator is not None
    load.generator.late_p99_us, load.invalid = late_ms * 1000, ["late"]
    assert judge_load(report, load, LINE, []).state == state


def test_another_schema_is_refused(tmp_path: Path) -> None:
    """A report of another schema version is refused with that version, not misread."""
    path = tmp_path / "old.json"
    path.write_text('{"schema": 1, "command": "run"}')
    ran = loadtest("report", path)
    assert (ran.code, ran.out.count("\n")) == (2, 1)
    assert "schema version 1" in ran.out


def test_a_report_is_read_back_without_loss(tmp_path: Path) -> None:
    """A report that is written and read again is equal to the first."""
    report = made_report(4)
    assert report.load is not None
    report.load.target_usage = Usage([Sample(0.5, {"x": Used(0.25, 7, 0.0, 0)})], {"x": Quota(1.5)})
    report.load.examples = [Example("what", "curl\nx", "\x1b é 🦀 \u2028")]
    report.rules = [Rule("group", "whose", "rule", "expected", "answer", False, 1, "curl")]
    report.clientes = [Cliente(1, 2, 3, breaks=[CountedBreak("lost update", 4, "text")])]
    counts = Counts(total=61_503, ok_in_time=61_502, slow=1)
    report.official = official_part(counts, {"what": 1}, report.load.mix, {DEBIT: 2})
    report.notes, report.seed = ["a note"], 2**31
    write_json(report, tmp_path / "report.json")
    assert read_json(tmp_path / "report.json", CrebitosReport) == report


def test_a_stored_report_keeps_its_format(tmp_path: Path) -> None:
    """A report that an earlier version wrote is read, and written again with the same bytes."""
    stored = ROOT / "tests" / "loadtest" / "recorded" / "run.json"
    report = read_json(stored, CrebitosReport)
    assert report.load is not None
    assert report.load.answered("response").total == report.load.totals.answers == 34
    write_json(report, tmp_path / "report.json")
    assert (tmp_path / "report.json").read_bytes() == stored.read_bytes()


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"schema": "2"}', '{"schema": 2}', '{"schema":2,"edition":"other"}', "\0"],
)
def test_a_file_that_is_no_report_gives_one_line(tmp_path: Path, text: str) -> None:
    """A file that is no report gives exit code 2 and one line with its path."""
    path = tmp_path / "strange.json"
    path.write_text(text)
    ran = loadtest("report", path)
    assert (ran.code, ran.out.count("\n")) == (2, 1), ran.out
    assert str(path) in ran.out


def test_the_report_is_shown_if_a_file_cannot_be_written(serve: Serve) -> None:
    """A file that cannot be written is named in the last line, exit code 2; the report is shown."""
    ran = loadtest("run", f"127.0.0.1:{serve()}", "-n", 100, "--json", "/proc/none.json", "--plain")
    assert ran.code == 2
    assert ran.out.startswith("PASS")
    assert ran.out.splitlines()[-1].startswith("loadtest: /proc/none.json: ")


class Page(HTMLParser):
    """Collects the URLs and charts of a page, and checks that its tags close."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.charts = 0
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [value or "" for name, value in attrs if name in {"src", "href"}]
        self.charts += tag == "svg"
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Leaves nothing open: the tag closes itself."""
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_needs_nothing_but_itself(serve: Serve, tmp_path: Path) -> None:
    """The page is one well-formed file with its charts and verdict, and loads nothing."""
    page_file, again_file = tmp_path / "page.html", tmp_path / "again.html"
    words = ("run", f"127.0.0.1:{serve()}", "-d", 3, "--html", page_file)
    ran = loadtest(*words, folder=tmp_path)
    page = Page()
    page.feed(page_file.read_text())
    assert page.open == []
    assert page.fetched == []
    assert page.charts >= 5
    assert ran.report.verdict.state.upper() in page_file.read_text()
    assert loadtest("report", tmp_path / "report.json", "--html", again_file).code == 0
    assert again_file.read_text() == page_file.read_text()


def test_text_from_the_target_cannot_become_page(tmp_path: Path) -> None:
    """Markup in an answer is escaped in the page."""
    report, evil = made_report(1), "</pre></td><script>"
    assert report.load is not None
    report.verdict = Verdict("fail", 1, [evil])
    report.load.examples = [Example(evil, evil, evil)]
    report.rules = [Rule(evil, evil, evil, evil, evil, passed, 0, evil) for passed in (True, False)]
    path, page_file = tmp_path / "r.json", tmp_path / "r.html"
    write_json(report, path)
    assert loadtest("report", path, "--html", page_file).code == 0
    assert "<script>" not in page_file.read_text()


def test_ctrl_c_still_writes_the_report(serve: Serve, tmp_path: Path) -> None:
    """A run stopped by Ctrl-C writes its report and marks it as interrupted."""
    path = tmp_path / "report.json"
    command = [sys.executable, "-m", "loadtest", "run", f"127.0.0.1:{serve()}", "-d", "60"]
    running = subprocess.Popen(
        [*command, "--json", str(path)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    assert running.stdout is not None
    first_line = running.stdout.readline()
    os.killpg(running.pid, signal.SIGINT)
    out, _ = running.communicate(timeout=20)
    assert b" of 60 s" in first_line, first_line + out
    report = read_json(path, CrebitosReport)
    assert report.load is not None
    assert report.load.interrupted, out
    assert report.load.totals.answers > 100
    assert all(one.order == "explained" for one in report.clientes)


def test_progress_without_a_terminal_is_plain(serve: Serve) -> None:
    """Progress lines in a pipe have no colours or cursor movements."""
    ran = loadtest("run", f"127.0.0.1:{serve()}", "-r", 50, "-d", 6)
    assert re.search(r"2\d\d requests +\d+/s ", ran.out)
    assert "\x1b" not in ran.out


def test_the_listener_and_its_siblings_are_found(serve: Serve) -> None:
    """The processes that listen on the port are measured; this process is not."""
    port = serve()
    found = target_processes(port)
    assert found
    assert os.getpid() not in found
    usage = TargetUsage("127.0.0.1", port, time.perf_counter_ns())
    loadtest("run", f"127.0.0.1:{port}", "-n", 5_000)
    usage.sample()
    [sample] = usage.seen.samples
    assert sum(part.cpu for part in sample.parts.values()) > 0.01
    assert sum(part.memory_bytes for part in sample.parts.values()) > 5_000_000


def test_workers_histograms_are_merged(serve: Serve, tmp_path: Path) -> None:
    """Two workers make one report that counts every request once."""
    words = ("run", f"127.0.0.1:{serve()}", "-n", 3_400, "--workers", 2)
    ran = loadtest(*words, folder=tmp_path)
    assert ran.load.answered("response").total == 3_400
    assert sum(one.operations for one in ran.report.clientes) == 3_400
    assert ran.load.generator is not None
    assert ran.load.generator.workers == 2
