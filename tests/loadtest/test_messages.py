"""Headlines and advice are true, plain and about the named target."""

import re
import socket
import subprocess
import sys
from collections import Counter
from contextlib import closing
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from loadtest.crebitos.contract import read_text
from loadtest.crebitos.mix import DEBIT
from loadtest.crebitos.official.checks import rows_fault
from loadtest.crebitos.official.verdict import official_part
from loadtest.crebitos.report import Counts, CrebitosReport
from loadtest.judging.rulebook import Rulebook
from loadtest.measure.tally import Tally
from loadtest.pessoas.report import Official as OfficialPeople
from loadtest.pessoas.report import People, PessoasReport
from loadtest.report.data import Rule, Verdict
from loadtest.report.head import headline, reasons
from loadtest.report.judgement import not_complete, wrong_answers
from loadtest.report.progress import counted_wrong, left, passed
from loadtest.report.rule_progress import RuleBar, RuleLines
from loadtest.report.started import command_line
from loadtest.wire.document import ContractBrokenError
from loadtest.wire.probe import Answer, reach
from loadtest.wire.request import CHECK, Address, Request, get
from tests.help.simulated_runs import simulated_report, simulated_run
from tests.loadtest.command import ROOT, loadtest
from tests.loadtest.conftest import STATEMENT, Respond, Serve, answering

ASKED = Request(CHECK, get(Address("here", 80), "/"))


def made(state: str, reasons: list[str]) -> CrebitosReport:
    verdict = Verdict(state, 1, reasons)  # type: ignore[arg-type]
    return simulated_report(load=simulated_run(1, seconds=6), verdict=verdict)


def paid(ok: int) -> CrebitosReport:
    report = made("fail", [])
    counts = Counts(total=61_503, ok_in_time=ok)
    report.official = official_part(counts, {}, {"debits": 2}, {DEBIT: 2})
    return report


def test_a_failed_run_that_would_be_paid_is_no_puzzle() -> None:
    """The headline answers two questions: what the arena would pay, and what is wrong beyond."""
    report = paid(61_503)
    report.rules = [Rule("g", "", f"r{n}", "1", "2", n > 2, 0, "") for n in range(135)]
    report.verdict.reasons = wrong_answers(report)
    assert headline(report) == (
        "FAIL: the arena would pay USD 100,000.00 of 100,000.00. "
        "Beyond that, 3 of 135 rules are broken, first of all: g: r0"
    )
    assert reasons(report) == [("beyond the arena's score", wrong_answers(report))]


def test_a_fine_and_a_broken_rule_are_kept_apart() -> None:
    """Reasons for a fine, beyond it, and of the run itself have titles of their own."""
    report = paid(50_000)
    report.rules = [Rule("g", "", "r", "1", "2", False, 0, "")]
    assert report.load is not None
    report.load.invalid = ["the generator was late"]
    report.verdict.reasons = [*wrong_answers(report), "slow: 19%", *report.load.invalid]
    assert headline(report) == (
        "FAIL: the arena would pay USD 83,300.00 of 100,000.00, because slow: 19%. "
        "Beyond that, 1 of 1 rules are broken, first of all: g: r"
    )
    assert reasons(report) == [
        ("in the arena's score", ["slow: 19%"]),
        ("beyond the arena's score", ["g: r: expected 1, got 2"]),
        ("of the run itself", ["the generator was late"]),
    ]


def test_a_fine_alone_says_that_nothing_else_is_wrong() -> None:
    """A run that is only slow says that nothing wrong was found beyond its fine."""
    report = paid(50_000)
    report.verdict.reasons = ["slow: 19%"]
    assert headline(report).endswith(", because slow: 19%. Nothing wrong was found beyond that")
    report.verdict = Verdict("pass", 0, [])
    assert headline(report).endswith("; nothing wrong was found beyond that")


def test_people_are_counted_before_what_is_wrong_beyond() -> None:
    """The head of the other edition has its own score: the number of people."""
    report = PessoasReport(command="official", way="", target="", load=simulated_run(1, seconds=6))
    report.official = OfficialPeople({}, complete=True, rehearsal=False)
    report.people = People(acknowledged=9, stored=9, expected=10)
    report.verdict = Verdict("fail", 1, ["1 people who are right are not stored"])
    assert headline(report) == (
        "FAIL: the arena would count 9 of 10 people, because 1 people who are right are not "
        "stored. Nothing wrong was found beyond that"
    )


def test_a_stopped_run_says_so_in_its_head() -> None:
    """The headline of a stopped run says so, for every verdict."""
    for state in ("pass", "fail", "invalid"):
        report = made(state, ["why"])
        assert report.load is not None
        report.load.interrupted, report.load.planned_s = True, 10.0
        assert headline(report).startswith(f"{state.upper()}, stopped after 6 of 10 s: ")


def test_progress_tells_wrong_answers_and_no_odd_share_of_time() -> None:
    """Progress counts wrong answers apart from failures; a run beyond its plan has no share."""
    tally = Tally([DEBIT], findings=Counter({"a row is torn": 1_385}))
    assert counted_wrong(tally) == "0 failed, 1,385 answered wrongly"
    assert counted_wrong(Tally([DEBIT])) == "0 failed"
    assert passed(5.04, 12.0) == "5.0 of 12 s"
    assert passed(15.1, 12.0) == "15.1 s, 12 s planned"


@pytest.mark.parametrize(
    ("elapsed_s", "duration_s", "done", "size", "told"),
    [
        (12.0, 60.0, 100, None, ", 48 s left"),
        (12.0, None, 250, 1_000, ", 36 s left"),
        (12.0, 60.0, 250, 1_000, ", 36 s left"),
        (12.0, 20.0, 250, 1_000, ", 8 s left"),
        (25.0, 20.0, 900, 1_000, ", 3 s left"),
        (25.0, 20.0, 900, None, ""),
        (12.0, None, 0, 1_000, ""),
        (12.0, None, 1_001, 1_000, ", 0 s left"),
        (12.0, None, 100, None, ""),
    ],
)
def test_the_time_that_is_left(
    elapsed_s: float, duration_s: float | None, done: int, size: int | None, told: str
) -> None:
    """A run ends by its time or by its number of requests; a late run has no time left to tell."""
    assert left(elapsed_s, duration_s, done, size) == told


def test_a_check_on_a_terminal_has_a_bar() -> None:
    """The bar tells how many rules were asked of how many, and how many are broken."""
    console = Console(file=StringIO(), width=100, force_terminal=True, color_system=None)
    with RuleBar(135, console) as bar:
        bar.show(45, 2)
        # The thread draws at its own times.
        bar._bar.refresh()
        shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "2 broken" in shown
    assert "45/135 rules" in shown


def test_a_wrong_type_has_the_name_that_json_gives_it() -> None:
    """A field of another type is named by its type in JSON."""
    for value, named in ((None, "null"), (1, "number"), (True, "boolean"), ([], "list")):
        with pytest.raises(ContractBrokenError, match=f"`tipo` is a {named}, not a string"):
            read_text({"tipo": value}, "tipo")


def test_no_sentence_is_python() -> None:
    """Messages show numbers and rows as text, without Python's braces and quotes."""
    fault = rows_fault(Answer(200, b"{}", 0, 0), ("danada", "c", 1))
    assert fault is not None
    texts = [fault.text, not_complete({"debits": 392, "credits": 1}, {"debits": 1_000})]
    assert texts[1] == "not complete: 392 debits, 1 credits; expected 1,000 debits"
    assert not [one for one in texts if re.search(r"[{}'\[\]]|\(\(", one)]


def test_advice_is_about_the_target_that_was_named(answer_with: Respond) -> None:
    """Advice about a foreign target names that target and not this project's make."""
    host = f"127.0.0.1:{answer_with(answering(200, STATEMENT % 7))}"
    ran = loadtest("official", host)
    assert ran.code == 4
    assert f"Empty {host}" in ran.out
    assert "make reset" not in ran.out


def test_a_reset_that_is_switched_off_has_a_way_out(answer_with: Respond) -> None:
    """Advice after a 403 on reset names the setting that allows it."""

    def respond(connection: socket.socket) -> None:
        asked.append(1)
        answering(200 if len(asked) == 1 else 403, STATEMENT % 7)(connection)

    asked: list[int] = []
    ran = loadtest("official", f"127.0.0.1:{answer_with(respond)}", "--reset")
    assert ran.code == 4
    assert "RINHA_RESET=on" in ran.out
    assert "make reset" not in ran.out


def test_the_other_edition_is_recognized(serve: Serve) -> None:
    """A run against the other edition is told which edition answers."""
    ran = loadtest("run", f"127.0.0.1:{serve(edition='pessoas')}", "-n", 50)
    assert (ran.code, ran.out.count("--edition pessoas")) == (1, 1), ran.out
    ran = loadtest("run", f"127.0.0.1:{serve()}", "-n", 50, "--edition", "pessoas")
    assert (ran.code, ran.out.count("--edition crebitos")) == (1, 1), ran.out


def test_a_waiting_command_names_its_target(free_port: int) -> None:
    """The first line says which target is awaited, and for how long."""
    words = [sys.executable, "-m", "loadtest", "official", f"127.0.0.1:{free_port}"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, cwd=ROOT) as running:
        assert running.stderr is not None
        line = running.stderr.readline()
        running.kill()
    assert line.startswith(f"waiting for http://127.0.0.1:{free_port}, up to 40 s")


def test_a_variable_names_the_target_unless_an_argument_does(
    free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LOADTEST_URL is the target of a command that names none; another URL is not the target."""
    monkeypatch.setenv("LOADTEST_URL", f"127.0.0.1:{free_port}")
    for words in (["check"], ["run", "-n", 1, "--pair", "127.0.0.1:1"]):
        assert f"target unreachable: 127.0.0.1:{free_port}: " in loadtest(*words).out
    assert "target unreachable: 127.0.0.1:1: " in loadtest("check", "127.0.0.1:1").out


def test_a_check_that_takes_long_is_not_silent(
    answer_with: Respond, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A long check prints at intervals how many rules were asked."""
    monkeypatch.setattr("loadtest.report.rule_progress.PLAIN_LINE_EVERY_S", 0.0)
    target = Address("127.0.0.1", answer_with(answering(200, STATEMENT % 7)))
    with closing(reach(target, ASKED)) as probe:
        book = Rulebook(probe, RuleLines(8))
        book.add("a rule", "1", "2", passed=False)
        book.add("a rule", "1", "1", passed=True)
    assert "2 of 8 rules asked, 1 broken so far" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("program", "advised"),
    [
        ("/nowhere/bin/loadtest", "/nowhere/bin/loadtest"),
        ("dist/loadtest", "dist/loadtest"),
        ("./loadtest", "./loadtest"),
        ("/x/loadtest/__main__.py", "{python} -m loadtest"),
    ],
)
def test_a_command_is_advised_as_it_was_typed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, program: str, advised: str
) -> None:
    """An advised command repeats how the program was started: as a file, a command or a module."""
    monkeypatch.setattr(sys, "argv", [program])
    monkeypatch.setattr(sys, "executable", f"{tmp_path}/bin/python")
    assert command_line() == advised.format(python=f"{tmp_path}/bin/python")
