"""Checks every rule of the contract."""

from collections.abc import Sequence

from loadtest.judging.rulebook import Question
from loadtest.pessoas.rules.burst import ask_bursts
from loadtest.pessoas.rules.fields import questions
from loadtest.pessoas.rules.finding import ask_searches
from loadtest.pessoas.rules.people import ask_accepted, ask_apelidos, ask_count
from loadtest.pessoas.rules.suite import Suite, Weight
from loadtest.report.data import Rule
from loadtest.wire.probe import Probe
from loadtest.wire.request import CHECK, Request


def check(probe: Probe, seed: int, strict: bool) -> list[Rule]:
    """Checks all rules; some hundreds of people stay in the service."""
    suite = Suite(probe, seed)
    asked = [one for one in questions(suite.host, suite.fields) if strict or one.official]
    suite.attempt(_ask_questions, suite, asked)
    suite.attempt(ask_accepted, suite, strict=strict)
    suite.attempt(ask_searches, suite, strict=strict)
    suite.attempt(ask_count, suite)
    if strict:
        suite.attempt(ask_apelidos, suite)
        suite.attempt(ask_bursts, suite)
    return suite.rules


def _ask_questions(suite: Suite, asked: Sequence[Question]) -> None:
    suite.begin("no trace", Weight.PEOPLE)
    before = suite.count()
    for question in asked:
        suite.begin(question.group, Weight.OFFICIAL if question.official else Weight.REST)
        answer = suite.ask(Request(CHECK, question.data))
        suite.expect_status(question.rule, answer, question.allowed)
    suite.begin("no trace", Weight.PEOPLE)
    after = suite.count()
    passed = before is not None and before == after
    suite.add("refused requests add nobody", f"{before} people", f"{after} people", passed)
