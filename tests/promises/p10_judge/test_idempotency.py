"""`loadtest check --idempotency` convicts entries whose keys are wrong, and no right one."""

import json
from pathlib import Path
from typing import Any

import pytest

from loadtest.crebitos.rules.idempotency import GROUP, SIZE
from tests.help.judging import judge
from tests.help.keyed_entries import RIGHT, WRONG
from tests.help.right_entries import RightLedger
from tests.help.wired import Entry

CHECK = ("check", "127.0.0.1:1", "--no-strict", "--seed", "1")


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loadtest.crebitos.rules.idempotency.CONFLICT_PAUSE_S", 0.001)


def check_keys(entry: Entry, folder: Path) -> tuple[int, list[dict[str, Any]]]:
    """Returns the exit code, and the rules of the header."""
    judged = judge(entry, (*CHECK, "--idempotency"), folder)
    assert "answers can be read" not in judged.out
    rules = json.loads((folder / "report.json").read_text())["rules"]
    print(judged.out)
    return judged.code, [rule for rule in rules if rule["group"] == GROUP]


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_entry_keeps_every_rule(name: str, tmp_path: Path) -> None:
    """An entry may let a repeat wait, or answer 409 until the first request is done."""
    code, rules = check_keys(RIGHT[name](), tmp_path)
    assert code == 0
    assert len(rules) == SIZE


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_entry_breaks_its_rule(name: str, tmp_path: Path) -> None:
    """Each wrong entry is convicted by the rule about its fault."""
    make, rule = WRONG[name]
    code, rules = check_keys(make(), tmp_path)
    assert code == 1
    assert rule in [one["rule"] for one in rules if not one["passed"]]


def test_only_the_option_asks_for_keys(tmp_path: Path) -> None:
    """Without the option, an entry that ignores the header passes: the contest has no such rule."""
    judged = judge(RightLedger(), CHECK, tmp_path)
    rules = json.loads((tmp_path / "report.json").read_text())["rules"]
    assert judged.code == 0
    assert all(rule["group"] != GROUP for rule in rules)


def test_people_have_no_keys(tmp_path: Path) -> None:
    """An edition without such requests refuses the option."""
    words = (*CHECK, "--idempotency", "--edition", "pessoas")
    judged = judge(RightLedger(), words, tmp_path)
    assert judged.code == 2
    assert "edition pessoas has no rules of Idempotency-Key" in judged.out
