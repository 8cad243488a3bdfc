"""Results of Gatling, recorded with two versions against a correct and a wrong server."""

import json
import os
import shutil
from collections import Counter
from pathlib import Path

import pytest

from loadtest.crebitos.report import Counts
from loadtest.gatling.log import LOG_NAME, read_log
from tests.loadtest.command import Ran, loadtest

RECORDED = Path(__file__).resolve().parent / "recorded"
VERSIONS = ("3.10", "3.15")


def score(folder: Path, kept: Path) -> Ran:
    return loadtest("score", folder, folder=kept)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of recorded results that a test may change."""
    shutil.copytree(RECORDED / "3.10-failures", tmp_path / "results")
    return tmp_path / "results"


@pytest.mark.parametrize("version", VERSIONS)
def test_results_without_failures_are_paid_in_full(version: str, tmp_path: Path) -> None:
    """Results without failures count every request under its type, in time, without a fine."""
    ran = score(RECORDED / f"{version}-fine", tmp_path)
    assert ran.code == 0, ran.out
    assert ran.official.paid_usd == "100000.00"
    assert ran.official.counts == Counts(total=176, ok_in_time=176)
    assert ran.load.mix == {"debits": 33, "credits": 17, "statements": 3, "checks": 123}
    assert ran.official.rehearsal
    assert ran.official.failed_checks == []


@pytest.mark.parametrize("version", VERSIONS)
def test_failures_cost_what_the_official_script_takes(version: str, tmp_path: Path) -> None:
    """2 slow and 10 wrong requests are fined; 4 of the wrong ones cost 803.01 for consistency."""
    ran = score(RECORDED / f"{version}-failures", tmp_path)
    assert ran.code == 1, ran.out
    assert ran.official.counts == Counts(total=176, ok_in_time=164, slow=2, ko=10, consistency=4)
    assert ran.official.ok_percent == "93.18"
    assert ran.official.sla_fine_usd == "4820.00"
    assert ran.official.consistency_fine_usd == "3212.04"
    assert ran.official.paid_usd == "91967.96"


@pytest.mark.parametrize("version", VERSIONS)
def test_every_failed_check_is_named_and_counted(version: str, tmp_path: Path) -> None:
    """Each failed check is listed with the request's name, Gatling's message and its count."""
    ran = score(RECORDED / f"{version}-failures", tmp_path)
    failed = ran.official.failed_checks
    assert sum(one.count for one in failed) == 10
    [wrong_zero] = [one for one in failed if "jmesPath(saldo.total).find.is(0)" in one.what]
    assert wrong_zero.what.startswith("validações: ")
    assert wrong_zero.count == 2
    assert wrong_zero.what in ran.out


@pytest.mark.parametrize("version", VERSIONS)
def test_why_an_answer_failed_is_read_from_the_log(version: str, tmp_path: Path) -> None:
    """A failed answer is listed by its status, or by the connection error."""
    outcomes: Counter[str] = Counter()
    for one in score(RECORDED / f"{version}-failures", tmp_path).load.times:
        outcomes[one.outcome] += one.count
    assert outcomes == {"200": 170, "500": 3, "connection closed before any answer": 3}


def test_percentiles_are_those_of_gatlings_report(tmp_path: Path) -> None:
    """p50, p75, p95 and p99 of 123 and 176 requests are within a millisecond of Gatling's own."""
    results = RECORDED / "3.10-fine"
    out = score(results, tmp_path).out
    report = json.loads((results / "js" / "stats.json").read_text())
    [checks] = [one for one in report["contents"].values() if one["name"] == "validações"]
    for row, stats in (("response", report["stats"]), ("checks", checks["stats"])):
        line = next(line for line in out.splitlines() if line.startswith(f"│ {row} "))
        _min, p50, p75, _p90, p95, p99, *_ = [float(cell) for cell in line.split("│")[2:-1]]
        theirs = [stats[f"percentiles{number}"]["total"] for number in range(1, 5)]
        assert [p50, p75, p95, p99] == pytest.approx(theirs, abs=1.01)


def test_gatlings_results_compare_with_our_own_runs(tmp_path: Path) -> None:
    """Gatling's results have the form of `loadtest run`: text, page and comparison accept them."""
    kept = tmp_path / "report.json"
    score(RECORDED / "3.15-failures", tmp_path)
    other = tmp_path / "other"
    score(RECORDED / "3.10-failures", other)
    compared = loadtest("compare", kept, other / "report.json")
    assert compared.code == 0, compared.out
    assert "response p99, debits" in compared.out
    page = tmp_path / "page.html"
    assert loadtest("report", kept, "--html", page).code == 0
    assert "USD 91967.96" in page.read_text()


def test_a_log_that_is_not_whole_gives_one_line(copied: Path, tmp_path: Path) -> None:
    """A missing, truncated or foreign log gives exit code 2 and a message with its path."""
    for version in VERSIONS:
        whole = (RECORDED / f"{version}-failures" / "simulation.log").read_bytes()
        for data in (whole[: len(whole) // 2 + 1], whole[:1], b"", b"some words\n", b"\xff\xfe"):
            (copied / "simulation.log").write_bytes(data)
            ran = score(copied, tmp_path)
            assert (ran.code, ran.out.count("\n")) == (2, 1), (data[-20:], ran.out)
            assert "simulation.log" in ran.out
    (copied / "simulation.log").unlink()
    ran = score(copied, tmp_path)
    assert (ran.code, "No such file" in ran.out) == (2, True)


def test_a_report_of_another_run_makes_the_results_invalid(copied: Path, tmp_path: Path) -> None:
    """Results whose js/stats.json and simulation.log differ in their counts are invalid."""
    shutil.copy(RECORDED / "3.10-fine" / "js" / "stats.json", copied / "js" / "stats.json")
    ran = score(copied, tmp_path)
    assert ran.code == 4, ran.out
    assert "different runs" in ran.reasons
    (copied / "js" / "stats.json").write_text("{}")
    assert score(copied, tmp_path).code == 2


def test_a_run_that_was_killed_is_invalid(copied: Path, tmp_path: Path) -> None:
    """A run is invalid when some of its virtual users did not end."""
    shutil.rmtree(copied / "js")
    lines = (copied / "simulation.log").read_text().splitlines(keepends=True)
    (copied / "simulation.log").write_text("".join(lines[: len(lines) // 2]))
    ran = score(copied, tmp_path)
    assert ran.code == 4, ran.out
    assert "the run did not end" in ran.reasons


def test_gatling_without_maven_or_java_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing Maven or Java gives one line with the package to install, before any request."""
    monkeypatch.setenv("PATH", str(tmp_path))
    ran = loadtest("gatling", "127.0.0.1:1")
    assert (ran.code, ran.out.count("\n")) == (2, 1)
    assert "apt-get install maven" in ran.out
    maven = tmp_path / "mvn"
    for says, found in (("Java version: 11.0.2", "Java 11"), ("no JAVA_HOME", "no Java")):
        maven.write_text(f"#!/bin/sh\necho '{says}'\n")
        maven.chmod(0o755)
        ran = loadtest("gatling", "127.0.0.1:1")
        assert (ran.code, ran.out.count("\n")) == (2, 1)
        assert found in ran.out
        assert "apt-get install default-jdk-headless" in ran.out
    monkeypatch.setenv("PATH", os.defpath)
    assert loadtest("gatling", "--simulation", tmp_path / "none.scala").code == 2


@pytest.mark.parametrize("end", ["\u2028", "\x85", "\x1c", "\x0c"])
@pytest.mark.parametrize("kind", ["RUN", "REQUEST", "USER"])
def test_a_message_that_quotes_the_target_is_one_line(tmp_path: Path, end: str, kind: str) -> None:
    """Only a newline ends a line of the log: a target cannot make it unreadable."""
    text = (RECORDED / "3.10-failures" / LOG_NAME).read_text()
    before = read_log(RECORDED / "3.10-failures" / LOG_NAME)
    path = tmp_path / LOG_NAME
    path.write_text(text.replace("but actually found", f"but{end}{kind}"))
    after = read_log(path)
    assert [one[:4] for one in after.requests] == [one[:4] for one in before.requests]
    assert any(f"but{end}{kind}" in one.message for one in after.requests)
