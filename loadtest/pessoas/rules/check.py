"""Checks every rule of the contract."""

from collections.abc import Sequence

from loadtest.judging.rulebook import Question, Weight
from loadtest.pessoas.rules.burst import ask_bursts
from loadtest.pessoas.rules.fields import questions
from loadtest.pessoas.rules.people import ask_accepted, ask_apelidos, ask_count
from loadtest.pessoas.rules.search import ask_searches
from loadtest.pessoas.rules.suite import Suite
from loadtest.report.data import Rule
from loadtest.report.rule_progress import RuleView
from loadtest.report.tables import count_text
from loadtest.wire.probe import Probe

# Rules of a whole check, and of one by the official rules alone; a fault may add or hide some.
RULES = {True: 126, False: 16}


def check(probe: Probe, _seed: int, strict: bool, view: RuleView) -> list[Rule]:
    """Checks all rules; some hundreds of people stay in the service."""
    suite = Suite(probe, view)
    asked = [one for one in questions(suite.target, suite.fields) if strict or one.official]
    suite.attempt(_ask_questions, suite, asked)
    suite.attempt(ask_accepted, suite, strict=strict)
    suite.attempt(ask_searches, suite, strict=strict)
    suite.attempt(ask_count, suite)
    if strict:
        suite.attempt(ask_apelidos, suite)
        suite.attempt(ask_bursts, suite)
    return suite.rules


def _ask_questions(suite: Suite, asked: Sequence[Question]) -> None:
    suite.begin("no trace", Weight.DATA)
    before = suite.count()
    suite.ask_all(asked)
    suite.begin("no trace", Weight.DATA)
    after = suite.count()
    passed = before is not None and before == after
    expected, seen = (f"{count_text(count)} people" for count in (before, after))
    suite.add("refused requests add no person", expected, seen, passed)
