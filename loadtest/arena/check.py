"""`loadtest arena --rules-only`: the arena's rules on a compose file as a report."""

from collections.abc import Mapping
from pathlib import Path

from loadtest.arena.compose import load_project
from loadtest.arena.rules import check_rules
from loadtest.arena.services import read_services
from loadtest.judging.terms import Terms
from loadtest.report.data import Report
from loadtest.report.judgement import verdict, wrong_answers
from loadtest.wire.outcome import printable


def add_rules(report: Report, path: Path, terms: Terms, environ: Mapping[str, str]) -> None:
    """Adds the arena's rules on a compose file, and notes on it, to a report."""
    project = load_project(path, environ)
    findings = check_rules(read_services(project), terms)
    report.rules += findings.rules
    report.notes += [*map(printable, project.notes), *findings.notes]


def judge_rules(
    report_type: type[Report], path: Path, terms: Terms, environ: Mapping[str, str]
) -> Report:
    """Returns the report of the arena's rules on a compose file."""
    way, target = "the arena's rules on a compose file", printable(str(path))
    report = report_type(command="arena", way=way, target=target)
    add_rules(report, path, terms, environ)
    report.verdict = verdict(wrong_answers(report), [], [])
    return report
