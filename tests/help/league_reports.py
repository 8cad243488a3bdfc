"""Saved reports for leagues: entries with an official run, a check and a run at full speed."""

import json
from pathlib import Path
from typing import Any

from loadtest.crebitos.mix import DEBIT
from loadtest.crebitos.official.verdict import official_part
from loadtest.crebitos.report import Counts, CrebitosReport
from loadtest.measure.machine import Machine
from loadtest.report.data import Rule, Verdict
from loadtest.report.json import write_json
from tests.help.simulated_runs import closed_run, simulated_report, simulated_run

HERE = Machine("Some CPU @ 2.0 GHz", 2, "Linux 6.1")
ELSEWHERE = Machine("Another CPU", 8, "Linux 6.12")
PASSED, FAILED = Verdict("pass", 0, []), Verdict("fail", 1, ["a rule is broken"])


def rule(passed: bool, text: str = "a rule") -> Rule:
    repeat = "" if passed else f"curl -i http://localhost:9999 # {text}"
    return Rule("group", text, f"{text} {passed}", text, text, passed, 1, repeat)


def official(machine: Machine | None, slow: int = 0, slower: float = 1.0) -> CrebitosReport:
    """Returns the report of an official run, with so many slow answers of 61,503."""
    load = simulated_run(1, slower=slower)
    counts = Counts(total=61_503, ok_in_time=61_503 - slow, slow=slow)
    part = official_part(counts, {}, load.mix, {DEBIT: 2})
    return _report(machine, command="official", way="the official run", load=load, official=part)


def checked(machine: Machine | None, broken: int, text: str = "a rule") -> CrebitosReport:
    rules = [rule(place >= broken, text) for place in range(10)]
    verdict = FAILED if broken else PASSED
    way = "every rule of the contract"
    return _report(machine, command="check", way=way, load=None, rules=rules, verdict=verdict)


def at_full_speed(machine: Machine | None, slower: float = 1.0) -> CrebitosReport:
    return _report(machine, command="run", way="closed loop", load=closed_run(1, slower))


def _report(machine: Machine | None, **fields: Any) -> CrebitosReport:
    known = {"machine": machine} if machine is not None else {}
    return simulated_report(ended_at="2026-11-30T01:00:00+00:00", **known, **fields)


def write_entry(folder: Path, about: dict[str, Any] | None, *reports: CrebitosReport) -> Path:
    """Writes an entry's reports, each by the name of its command, and its entry.json."""
    for report in reports:
        write_json(report, folder / f"{report.command}.json")
    if about is not None:
        (folder / "entry.json").write_text(json.dumps(about))
    return folder
