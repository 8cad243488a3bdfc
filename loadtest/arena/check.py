"""`loadtest arena --rules-only`: the arena's rules on a compose file as a report."""

from pathlib import Path

from loadtest.arena.compose import Project
from loadtest.arena.rules import check_rules
from loadtest.arena.services import read_services
from loadtest.judging.terms import Terms
from loadtest.report.data import Report
from loadtest.report.judgement import verdict, wrong_answers
from loadtest.wire.outcome import printable


def judge_rules(report_type: type[Report], path: Path, project: Project, terms: Terms) -> Report:
    """Returns the report of the arena's rules on an entry; `path` is its name in the report."""
    findings = check_rules(read_services(project), terms)
    report = report_type(
        command="arena",
        way="the arena's rules on a compose file",
        target=printable(str(path)),
        rules=findings.rules,
        notes=[*map(printable, project.notes), *findings.notes],
    )
    report.verdict = verdict(wrong_answers(report), [], [])
    return report
