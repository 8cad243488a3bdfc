"""`loadtest check` reports the worst broken rule first, with shell lines that repeat it."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from loadtest.editions import EDITIONS, any_report, edition
from loadtest.report.json import read_json
from tests.loadtest.command import Ran, loadtest
from tests.loadtest.conftest import Serve

Shows = Callable[[list[str]], bool]


def total(answer: str) -> int:
    """Returns the total of a statement, from the output of curl."""
    found: int = json.loads(answer.splitlines()[-1])["saldo"]["total"]
    return found


# The planted fault: the rule that is shown first, and what its shell lines print.
FIRST: dict[str, tuple[str, Shows]] = {
    "off_by_one": (
        "limit, client 1: a cent below -limite",
        lambda shown: '"saldo": -100001' in shown[-1],
    ),
    "refused_shown": (
        "limit, client 1: the refused debit left no trace",
        lambda shown: " 422 " in shown[-2] and '"recusado"' in shown[-1],
    ),
    "negative_taken": (
        "no trace, valor is zero: refused requests change nothing",
        lambda shown: shown[-1].count('"valor": 0') > shown[0].count('"valor": 0'),
    ),
    "nine_rows": (
        "rows: after 13 transactions the statement shows",
        lambda shown: shown[-1].count('"descricao"') == 9,
    ),
    "unknown_client": (
        "clients: statement of client 6",
        lambda shown: " 200 " in shown[0],
    ),
    "bytes_counted": (
        "accepted: descricao of 10 accented characters",
        lambda shown: " 422 " in shown[0],
    ),
    "saldo_as_string": (
        "limit, client 1: down to exactly -limite",
        lambda shown: '"saldo": "-100000"' in shown[-1],
    ),
}


def first_block(ran: Ran) -> tuple[str, list[str]]:
    """Returns the first rule that is shown, and the shell lines that repeat it."""
    block = ran.out.split("\n\n")[1].splitlines()
    return block[0], [line for line in block[1:] if re.match(r" +[(]?(curl|for) ", line)]


def paste(lines: list[str]) -> list[str]:
    return [
        subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=True).stdout
        for line in lines
    ]


@pytest.mark.parametrize("fault", FIRST)
def test_the_fault_comes_first_and_its_lines_show_it_again(serve: Serve, fault: str) -> None:
    """The report shows the fault first, and pasting the lines below it shows the fault again."""
    name, shows = FIRST[fault]
    ran = loadtest("check", f"127.0.0.1:{serve(fault)}")
    title, lines = first_block(ran)
    assert ran.code == 1
    assert ran.out.splitlines()[0].endswith(f"first of all: {name}"), ran.out
    assert title == f"1. {name}"
    answers = paste(lines)
    assert shows(answers), answers


def test_simultaneous_requests_are_one_line(serve: Serve) -> None:
    """25 concurrent debits are lost in a shell as they were in the check."""
    ran = loadtest("check", "--no-strict", f"127.0.0.1:{serve('slow_update')}")
    title, lines = first_block(ran)
    assert title == "1. bursts: 25 debits of 1 at the same moment"
    before, statuses, after = paste(lines)
    assert statuses.split() == ["25", "200"]
    assert total(after) - total(before) > -25


def test_broken_rules_stand_in_order_of_weight(serve: Serve, tmp_path: Path) -> None:
    """Rules about money come first, then those of the official run; a rule is listed only once."""
    ran = loadtest("check", f"127.0.0.1:{serve('saldo_as_string')}", folder=tmp_path)
    broken = [rule for rule in ran.report.rules if not rule.passed]
    weight_of = {rule.name: rule.weight for rule in broken}
    shown = re.findall(r"^\d+\. (.*)$", ran.out, re.MULTILINE)
    weights = [weight_of[name] for name in shown]
    assert weights == sorted(weights)
    assert set(weights) == {0, 1, 2}
    assert len(shown) == len({(rule.group, rule.rule) for rule in broken}) < len(broken)
    assert "the same client 2, client 3, client 4, client 5" in ran.out


def test_rules_that_hold_are_counted_or_listed(serve: Serve, tmp_path: Path) -> None:
    """A correct server gets a few lines; --all names each rule; the JSON report has all rules."""
    target = f"127.0.0.1:{serve()}"
    short = loadtest("check", target, folder=tmp_path)
    rules = short.report.rules
    assert short.code == 0
    assert len(short.out.splitlines()) < 8
    assert f"all {len(rules)} rules hold" in short.out
    assert f"bursts {sum(rule.group == 'bursts' for rule in rules)}" in short.out
    assert all(rule.repeat == "" for rule in rules)
    kept = loadtest("report", tmp_path / "report.json", "--all")
    assert all(rule.name[:20] in kept.out for rule in rules)


@pytest.mark.parametrize("command", [("check",), ("check", "--all"), ("run", "-n", "20000")])
def test_no_answer_tears_the_text_or_steers_the_terminal(
    serve: Serve, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """Control characters and invalid bytes of an answer are escaped; long answers are cut."""
    word, *options = command
    page = tmp_path / "page.html"
    ran = loadtest(word, f"127.0.0.1:{serve('babble')}", *options, "--html", page)
    assert ran.code == 1
    assert all(line.isprintable() for line in ran.out.split("\n"))
    assert r"<table>\n\t\x1b[31mno\x1b[2J\r\x00\x07\u202e\xff\xfe</table>" in ran.out
    assert "x" * 1_000 not in re.sub(r"\s+", "", ran.out)
    assert all(len(line) <= 140 for line in ran.out.splitlines() if "curl" not in line)
    text = page.read_text()
    assert "<table>\\n" not in text
    assert all(line.isprintable() for line in text.split("\n"))


def test_the_page_opens_what_is_broken_and_folds_the_rest(serve: Serve, tmp_path: Path) -> None:
    """The page opens broken rules, with their shell lines, and folds groups whose rules hold."""
    page = tmp_path / "page.html"
    loadtest("check", f"127.0.0.1:{serve('off_by_one')}", "--html", page)
    details = re.findall(r"<details([^>]*)><summary>(.*?)</summary>", page.read_text())
    opened = [summary for attributes, summary in details if "open" in attributes]
    folded = [summary for attributes, summary in details if "open" not in attributes]
    assert opened[0] == "1. limit, client 1: a cent below -limite"
    assert details[: len(opened)] == [(' class="broken" open', summary) for summary in opened]
    assert "fields: 34" in folded
    assert "<pre>curl -i " in page.read_text()


@pytest.mark.parametrize("name", EDITIONS)
@pytest.mark.parametrize("strict", [True, False])
def test_the_number_of_rules_is_known_before_they_are_asked(
    serve: Serve, tmp_path: Path, name: str, strict: bool
) -> None:
    """A right entry is asked as many rules as the progress of a check counts to."""
    options = ("--edition", name, "--strict" if strict else "--no-strict")
    ran = loadtest("check", f"127.0.0.1:{serve(edition=name)}", *options, folder=tmp_path)
    assert ran.code == 0, ran.out
    assert len(read_json(ran.path, any_report()).rules) == edition(name).rules[strict]
