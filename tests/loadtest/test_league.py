"""A league: one table of many reports, as text, page, CSV and Markdown."""

import csv
import re
import sys
from pathlib import Path

import pytest

from loadtest.commands.main import run
from loadtest.measure.machine import this_machine
from loadtest.report.json import write_json
from tests.help.commands import run as run_command
from tests.help.league_files import Made, Page
from tests.help.league_reports import (
    ELSEWHERE,
    HERE,
    at_full_speed,
    checked,
    official,
    write_entry,
)
from tests.loadtest.command import loadtest
from tests.loadtest.conftest import Serve

ABOUT = {"name": "one", "language": "Go, SQLite", "url": "https://example.org/one", "commit": "ab1"}


def refusal(capfd: pytest.CaptureFixture[str], *words: object) -> str:
    """Returns the one line with which a command refuses its arguments, exit code 2."""
    assert run([str(word) for word in ("league", *words)]) == 2
    out, err = capfd.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    return err


def test_an_entry_is_one_row_of_all_its_reports(tmp_path: Path) -> None:
    """Money comes from the official run, rules from the check, the rate from a closed loop."""
    reports = official(HERE), checked(HERE, broken=3), at_full_speed(HERE)
    write_entry(tmp_path / "one", ABOUT, *reports)
    [row] = Made(tmp_path).rows
    load = reports[0].load
    assert load is not None
    p99_us = load.answered("response").percentile(99.0)
    facts = ("entry", "language", "url", "commit", "verdict", "broken_rules", "rules", "score")
    told = ("one", "Go, SQLite", ABOUT["url"], "ab1", "fail", "3", "10", "100000")
    assert tuple(row[name] for name in facts) == told
    assert float(row["p99_ms"]) == pytest.approx(p99_us / 1000)
    assert float(row["cpu_us_per_request"]) == pytest.approx(500, rel=0.3)
    assert row["memory_mb"] == "50.0"
    assert float(row["requests_per_s"]) == pytest.approx(2_000, rel=0.3)
    assert row["reports"] == "one/check.json one/official.json one/run.json"


def test_reports_without_a_description_are_entries_by_file_name(tmp_path: Path) -> None:
    """Without an entry.json each report is an entry of its own, named as its file."""
    write_json(official(HERE), tmp_path / "first.json")
    write_json(official(HERE), tmp_path / "more" / "second.json")
    assert sorted(row["entry"] for row in Made(tmp_path).rows) == ["first", "more/second"]


def test_the_newest_report_of_a_kind_counts(tmp_path: Path) -> None:
    """The later of two official runs of an entry gives the figures; both are linked."""
    write_entry(tmp_path, ABOUT, official(HERE, slow=20_000))
    later = official(HERE)
    later.ended_at = "2026-11-30T02:00:00+00:00"
    write_json(later, tmp_path / "later.json")
    [row] = Made(tmp_path).rows
    assert row["score"] == "100000"
    assert len(row["reports"].split()) == 2


def test_rows_stand_by_money_then_rules_then_p99(tmp_path: Path) -> None:
    """The most money comes first, then the fewest broken rules, then the lowest p99."""
    entries = {
        "poor": (official(HERE, slow=20_000), checked(HERE, 0)),
        "wrong": (official(HERE), checked(HERE, 5)),
        "slow": (official(HERE, slower=3.0), checked(HERE, 0)),
        "best": (official(HERE), checked(HERE, 0)),
        "not run": (checked(HERE, 0),),
    }
    for name, reports in entries.items():
        write_entry(tmp_path / name, {"name": name}, *reports)
    made = Made(tmp_path)
    assert [row["entry"] for row in made.rows] == ["best", "slow", "wrong", "poor", "not run"]


def test_machines_and_editions_have_tables_of_their_own(tmp_path: Path) -> None:
    """Entries of different machines, and those of unknown ones, never share a table."""
    for name, machine in (("a", HERE), ("b", HERE), ("c", ELSEWHERE), ("old", None)):
        write_entry(tmp_path / name, {"name": name}, official(machine))
    made = Made(tmp_path)
    assert sorted(Page(made.html).tables) == [1, 1, 2]
    assert len(re.findall("^## ", made.markdown.read_text(), re.MULTILINE)) == 3
    cores = {row["entry"]: row["cores"] for row in made.rows}
    assert cores == {"a": "2", "b": "2", "c": "8", "old": ""}


def test_the_ceiling_counts_on_its_own_machine_only(tmp_path: Path) -> None:
    """The share of the ceiling is left empty on a machine that has none."""
    ceiling, entry = at_full_speed(HERE), at_full_speed(HERE, 2.0)
    write_entry(tmp_path / "reports" / "here", {"name": "here"}, entry)
    write_entry(tmp_path / "reports" / "elsewhere", None, at_full_speed(ELSEWHERE, 2.0))
    write_json(ceiling, tmp_path / "ceiling.json")
    made = Made(tmp_path / "reports", "--ceiling", tmp_path / "ceiling.json")
    shares = {row["entry"]: row["share_of_ceiling"] for row in made.rows}
    rates = [one.load.rate.achieved for one in (ceiling, entry) if one.load is not None]
    assert float(shares["here"]) == pytest.approx(rates[1] / rates[0], abs=0.001)
    assert shares["elsewhere/run"] == ""


@pytest.mark.parametrize("wrong", ["an official run", "without a machine"])
def test_only_a_closed_loop_on_a_known_machine_is_a_ceiling(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], wrong: str
) -> None:
    """Another report given as the ceiling is refused, and the line says which one is needed."""
    report = official(HERE) if wrong == "an official run" else at_full_speed(None)
    write_json(report, tmp_path / "ceiling.json")
    write_json(official(HERE), tmp_path / "right.json")
    words = (tmp_path / "right.json", "--ceiling", tmp_path / "ceiling.json")
    assert "no ceiling" in refusal(capfd, *words)


def test_a_report_with_a_page_is_linked_by_its_page(tmp_path: Path) -> None:
    """A link leads to the HTML beside the JSON if there is one, relative to the written file."""
    write_entry(tmp_path / "one", ABOUT, official(HERE), checked(HERE, 0))
    (tmp_path / "one" / "official.html").touch()
    assert run(["league", str(tmp_path), "--csv", str(tmp_path / "out" / "a.csv")]) == 0
    with (tmp_path / "out" / "a.csv").open(newline="") as lines:
        [row] = csv.DictReader(lines)
    assert row["reports"] == "../one/check.json ../one/official.html"


def test_the_table_is_whole_without_its_script(tmp_path: Path) -> None:
    """Every row is in the page itself, and its policy allows its own script and style only."""
    write_entry(tmp_path, ABOUT, official(HERE), checked(HERE, 1))
    text = Made(tmp_path).html.read_text()
    before_script, _, _ = text.partition("<script>")
    assert "100,000.00" in before_script
    assert "curl -i" in before_script
    policy = "default-src 'none'; style-src 'sha256-"
    assert f'<meta http-equiv="Content-Security-Policy" content="{policy}' in text


def test_files_of_a_folder_that_are_no_reports_are_skipped(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """They are named with the reason; the league is made of the others."""
    write_json(official(HERE), tmp_path / "right.json")
    (tmp_path / "package.json").write_text('{"name": "\\u001b"}')
    (tmp_path / "half.json").write_bytes(b"\xff{")
    (tmp_path / "folder.json").mkdir()
    assert run(["league", str(tmp_path)]) == 0
    out, err = capfd.readouterr()
    assert "right" in out
    assert sorted(line.split(".json")[0].rpartition("/")[2] for line in err.splitlines()) == [
        "folder", "half", "package",
    ]  # fmt: skip


def test_a_folder_without_reports_is_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A folder without any report is a usage error that names it."""
    assert str(tmp_path) in refusal(capfd, tmp_path)


@pytest.mark.parametrize(
    "text", ['{"language": "Go"}', '{"name": ""}', '{"name": "a", "Language": "b"}', "{", "[]", ""]
)
def test_a_wrong_description_is_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], text: str
) -> None:
    """An entry.json that cannot be read is named, in one line: no row loses its name silently."""
    write_json(official(HERE), tmp_path / "report.json")
    (tmp_path / "entry.json").write_text(text)
    assert "entry.json" in refusal(capfd, tmp_path)


def test_a_file_that_cannot_be_written_is_named(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A page that cannot be written is a usage error that names its path."""
    write_json(official(HERE), tmp_path / "report.json")
    assert "/proc/none.html" in refusal(capfd, tmp_path, "--html", "/proc/none.html")


def test_a_run_names_its_machine(serve: Serve, tmp_path: Path) -> None:
    """A load and a check record the machine on which they ran."""
    url = f"127.0.0.1:{serve()}"
    for words in (("run", url, "-n", 100), ("check", url, "--no-strict")):
        assert loadtest(*words, folder=tmp_path).report.machine == this_machine()


@pytest.mark.starts
def test_the_page_is_the_same_in_each_locale(tmp_path: Path) -> None:
    """Files are read and written as UTF-8, whatever the encoding of the locale."""
    write_entry(tmp_path / "one", {**ABOUT, "name": "José"}, official(HERE))
    pages = []
    for mode in ("1", "0"):
        locale = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": mode}
        command = (sys.executable, "-m", "loadtest", "league", tmp_path / "one")
        done = run_command(*command, "--html", tmp_path / f"{mode}.html", env=locale)
        assert done.code == 0, done.text
        pages.append((tmp_path / f"{mode}.html").read_bytes())
    assert pages[0] == pages[1]
