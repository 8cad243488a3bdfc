"""Rounds of a command, and two interleaved targets: one line each, then one result of all."""

import argparse
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from loadtest.commands.parser import parser
from loadtest.commands.rounds import in_rounds
from loadtest.crebitos.report import CrebitosReport
from loadtest.drive.run import View
from loadtest.editions import any_report
from loadtest.pessoas.report import PessoasReport
from loadtest.report.data import Report, Verdict
from loadtest.report.json import BadReportError, read_json, write_json
from loadtest.report.sets.data import ReportSet
from loadtest.report.sets.file import find_set, read_set
from loadtest.report.sets.html import set_page
from loadtest.report.sets.middle import middle, rank_of
from loadtest.report.sets.text import set_headline
from loadtest.wire.probe import UnreachableError
from loadtest.wire.request import Address
from tests.help.simulated_runs import simulated_report, simulated_run
from tests.loadtest.command import loadtest
from tests.loadtest.conftest import Serve

Once = Callable[[argparse.Namespace], tuple[Report, View | None]]
STATES = {"pass": 0, "fail": 1, "invalid": 4}
SHORT = simulated_run(1, rate=50, seconds=7)


def report_of(state: str = "pass", **changed: object) -> CrebitosReport:
    verdict = Verdict(state, STATES[state], ["why"])  # type: ignore[arg-type]
    return simulated_report(**{"verdict": verdict, "load": SHORT} | changed)


def asked(folder: Path, **changed: object) -> argparse.Namespace:
    """Returns the arguments of a command with three rounds."""
    words = ("run", "first", "--rounds", "3", "--seed", "7", "--plain")
    read = parser().parse_args([*words, "--json", str(folder / "set.json")])
    return argparse.Namespace(**{**vars(read), **changed})


def once_of(*results: Report | BaseException) -> Once:
    """Returns a command whose runs have these results, one after the other."""
    left: Iterator[Report | BaseException] = iter(results)

    def once(_asked: argparse.Namespace) -> tuple[Report, View | None]:
        result = next(left)
        if isinstance(result, BaseException):
            raise result
        return result, None

    return once


def stopped_report() -> Report:
    """Returns the report of a run that the user ended."""
    load = simulated_run(1, rate=50, seconds=7)
    load.interrupted = True
    return report_of(load=load)


def stored(folder: Path) -> ReportSet[CrebitosReport]:
    return read_set(folder / "set.json", CrebitosReport)


def test_rounds_of_a_real_run_become_one_set(serve: Serve, tmp_path: Path) -> None:
    """Each round is one line and has its own seed; JSON, page, report and compare take the set."""
    path, page = tmp_path / "set.json", tmp_path / "set.html"
    words = ("run", f"127.0.0.1:{serve()}", "-n", 100, "--rounds", 2, "--seed", 5)
    ran = loadtest(*words, "--json", path, "--html", page)
    assert ran.is_right, ran.out
    assert re.findall(r"^round (\d) of 2: .*, p50 [\d.]+ ms", ran.out, re.MULTILINE) == ["1", "2"]
    [head] = re.findall(r"^[A-Z]+: .*2 rounds", ran.out, re.MULTILINE)
    found = stored(tmp_path)
    assert [report.seed for report in found.reports] == [5, 6]
    assert head in page.read_text()
    shown = loadtest("report", path)
    assert (shown.code, shown.out.count(head)) == (0, 1), shown.out
    compared = loadtest("compare", path, path)
    assert compared.code == 0
    assert re.search(r"p50 .*cannot tell", compared.out)


def test_a_pair_runs_in_turns(serve: Serve, tmp_path: Path) -> None:
    """A pair runs A B B A in a round, after one run of each that does not count."""
    first, second = (f"127.0.0.1:{serve()}" for _ in "AB")
    words = ("run", first, "--pair", second, "-n", 60, "--rounds", 1)
    ran = loadtest(*words, "--json", tmp_path / "set.json")
    assert ran.is_right, ran.out
    lines = re.findall(r"^(.*?): [A-Z]+, p50", ran.out, re.MULTILINE)
    warm = [f"{side}, to warm up, not counted" for side in "AB"]
    assert lines == [*warm, *(f"round 1 of 1, {side}" for side in "ABBA")]
    found = stored(tmp_path)
    assert found.order == "ABBA"
    assert [report.target for report in found.reports] == [first, second, second, first]
    compared = loadtest("compare", tmp_path / "set.json", "--fail-on-regression")
    assert (compared.code, compared.out.count("against itself")) == (0, 2), compared.out


@pytest.mark.parametrize(
    ("states", "code", "head"),
    [
        (("pass", "pass", "pass"), 0, "PASS: 3 rounds"),
        (("pass", "invalid", "pass"), 4, "INVALID: 1 of 3 rounds"),
        (("invalid", "fail", "fail"), 1, "FAIL: 2 of 3 rounds"),
    ],
)
def test_the_worst_round_decides(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    states: tuple[str, ...],
    code: int,
    head: str,
) -> None:
    """The exit code and the headline are those of the worst round."""
    assert in_rounds(asked(tmp_path), once_of(*map(report_of, states))) == code
    assert capsys.readouterr().out.startswith(f"{head}\n")
    assert [report.verdict.state for report in stored(tmp_path).reports] == list(states)


def test_ctrl_c_leaves_the_rounds_before_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C in the third round gives the summary of two and exit code 130."""
    ends: list[Report | BaseException] = [KeyboardInterrupt(), stopped_report()]
    for end in ends:
        assert in_rounds(asked(tmp_path), once_of(report_of(), report_of(), end)) == 130
        assert "PASS: 2 rounds" in capsys.readouterr().out
        assert len(stored(tmp_path).reports) == 2


def test_a_first_round_that_is_stopped_is_shown_as_a_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run that is stopped in the first round has the report of a single run."""
    stopped = stopped_report()
    in_rounds(asked(tmp_path), once_of(stopped))
    assert "PASS, stopped after" in capsys.readouterr().out
    assert read_json(tmp_path / "set.json", CrebitosReport) == stopped


def test_a_target_that_dies_leaves_the_rounds_before_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """If a round fails with an error, the rounds before it are summed up, and the error remains."""
    with pytest.raises(UnreachableError):
        in_rounds(asked(tmp_path), once_of(report_of(), UnreachableError("gone")))
    assert "PASS: 1 round\n" in capsys.readouterr().out


def test_both_targets_of_a_pair_get_the_same_requests(tmp_path: Path) -> None:
    """The runs of one round have one seed; the next round has another, and the turns reversed."""
    runs: list[tuple[object, int]] = []

    def once(one: argparse.Namespace) -> tuple[Report, View | None]:
        runs.append((one.url, one.seed))
        return report_of(), None

    second = Address("second", 1)
    in_rounds(asked(tmp_path, pair=second, rounds=2), once)
    a, b = Address("first", 80), second
    rounds = [*((url, 7) for url in (a, b, b, a)), *((url, 8) for url in (b, a, a, b))]
    assert runs == [(a, 7), (b, 7), *rounds]


def test_official_rounds_need_an_empty_target_each_time() -> None:
    """`official --rounds` without --reset is refused at once, with the way to do it by hand."""
    ran = loadtest("official", "127.0.0.1:1", "--rounds", 2)
    assert (ran.code, ran.out.count("\n")) == (2, 1), ran.out
    assert "--reset" in ran.out


def test_an_invalid_round_is_left_out_of_the_medians(tmp_path: Path) -> None:
    """The figures of an INVALID round do not count; the table says how many are left out."""
    slow = simulated_run(2, rate=50, seconds=7, slower=100.0)
    slow.invalid = ["late"]
    path = tmp_path / "set.json"
    reports = [report_of(), report_of("invalid", load=slow), report_of()]
    write_json(ReportSet(reports=reports), path)
    assert "without 1 of 3 runs, which are INVALID" in loadtest("report", path).out
    compared = loadtest("compare", path, path)
    assert "without 1 of 3 rounds of BEFORE, which are INVALID" in compared.out


def test_rounds_that_prove_nothing_say_why(tmp_path: Path) -> None:
    """Without a valid round there is no table of medians, and each round has its reason."""
    late = simulated_run(1, rate=50, seconds=7)
    late.invalid = ["why"]
    path = tmp_path / "set.json"
    write_json(ReportSet(reports=[report_of("invalid", load=late)] * 2), path)
    shown = loadtest("report", path).out
    assert "round 2: INVALID: why" in shown
    assert "medians" not in shown


def test_a_folder_of_single_reports_is_a_set(tmp_path: Path) -> None:
    """`compare` takes folders of reports, and a slower target is worse with six rounds a side."""
    for side, slower in (("before", 1.0), ("after", 2.0)):
        for number in range(6):
            load = simulated_run(number, seconds=7, slower=slower)
            write_json(report_of(load=load), tmp_path / side / f"{number}.json")
    before, after = tmp_path / "before", tmp_path / "after"
    assert loadtest("compare", before, before, "--fail-on-regression").code == 0
    ran = loadtest("compare", before, after, "--fail-on-regression")
    assert ran.code == 1
    assert re.search(r"p50 .*REGRESSION", ran.out)
    assert loadtest("compare", after, before, "--fail-on-regression").code == 0


WRONG = {
    "no report": '{"schema":2,"order":"","reports":[]}',
    "another order": '{"schema":2,"order":"ABAB","reports":[%s,%s,%s,%s]}',
    "half a round": '{"schema":2,"order":"ABBA","reports":[%s,%s]}',
    "another schema": '{"schema":1,"order":"","reports":[%s]}',
    "no list": '{"schema":2,"reports":7}',
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_file_that_is_no_set_is_one_line(tmp_path: Path, wrong: str) -> None:
    """A set that is not whole is refused with its path."""
    path, single = tmp_path / "set.json", tmp_path / "one.json"
    write_json(report_of(), single)
    path.write_text(WRONG[wrong].replace("%s", single.read_text().strip()))
    with pytest.raises(BadReportError, match=str(path)) as error:
        read_set(path, any_report())
    assert "\n" not in str(error.value)


def test_a_set_of_two_editions_is_refused(tmp_path: Path) -> None:
    """A folder with reports of two editions is no set."""
    write_json(report_of(), tmp_path / "one.json")
    write_json(PessoasReport(command="run", way="", target="", load=SHORT), tmp_path / "two.json")
    with pytest.raises(BadReportError, match="different editions"):
        find_set(str(tmp_path), any_report())


def test_a_set_is_no_single_report(tmp_path: Path) -> None:
    """A command that needs a single report refuses a set, and takes the reports of before."""
    path = tmp_path / "set.json"
    write_json(ReportSet(reports=[report_of(), report_of()]), path)
    with pytest.raises(BadReportError, match="is a set of reports"):
        read_json(path, any_report())
    write_json(report_of(), path)
    assert read_set(path, any_report()).reports == [report_of(ended_at=stored_at(path))]


def stored_at(path: Path) -> str:
    return read_json(path, CrebitosReport).ended_at


def test_text_of_a_target_cannot_become_page() -> None:
    """Markup in a report is escaped in the page of a set."""
    evil = "</pre></td><script>"
    report = report_of("fail", target=evil, way=evil)
    report.verdict.reasons = [evil]
    found = ReportSet(reports=[report, report])
    assert "<script>" not in set_page(found)
    assert set_headline(found) == "FAIL: 2 of 2 rounds"


@pytest.mark.parametrize(
    ("count", "rank", "confidence"),
    [(1, 1, 0.0), (5, 1, 0.9375), (6, 1, 0.96875), (9, 2, 0.9609375), (20, 6, 0.9586105)],
)
def test_the_interval_of_a_median_has_its_confidence(
    count: int, rank: int, confidence: float
) -> None:
    """The ranks of the interval are those of the sign test, with at least 95% where it can be."""
    assert rank_of(count)[0] == rank
    assert rank_of(count)[1] == pytest.approx(confidence)
    values = [float(number) for number in range(count, 0, -1)]
    mid = middle(values)
    assert (mid.lowest, mid.highest) == (rank, count + 1 - rank)
    assert mid.spread == pytest.approx((count - 1) / mid.median)
