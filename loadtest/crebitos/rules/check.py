"""Checks every rule of the contract."""

from collections.abc import Sequence

from loadtest.crebitos.contract import Extrato
from loadtest.crebitos.rules.burst import ask_bursts
from loadtest.crebitos.rules.fields import questions
from loadtest.crebitos.rules.ledger import ask_accepted_bodies, ask_ledger_rules, ask_shapes
from loadtest.crebitos.rules.suite import Suite
from loadtest.judging.rulebook import Question, Weight
from loadtest.report.data import Rule
from loadtest.report.rule_progress import RuleView
from loadtest.wire.probe import Probe
from loadtest.wire.request import CHECK, Request

NO_TRACE = "refused requests change nothing"
# Rules of a whole check, and of one by the official rules alone; a fault may add or hide some.
RULES = {True: 135, False: 18}


def check(probe: Probe, seed: int, strict: bool, view: RuleView) -> list[Rule]:
    """Checks all rules, then restores the balance of every client."""
    suite = Suite(probe, seed, view)
    asked = [one for one in questions(suite.target) if strict or one.official]
    suite.attempt(_ask_questions, suite, asked)
    suite.attempt(ask_shapes, suite)
    if strict:
        suite.attempt(ask_accepted_bodies, suite)
        suite.attempt(ask_ledger_rules, suite)
    suite.attempt(ask_bursts, suite, strict=strict)
    suite.restore_balances()
    return suite.rules


def _ask_questions(suite: Suite, asked: Sequence[Question]) -> None:
    suite.begin("no trace", Weight.DATA)
    before = suite.extrato(1)
    suite.ask_all(asked)
    suite.begin("no trace", Weight.DATA)
    after = suite.extrato(1)
    if before is None or after is None:
        return
    if _is_same(before, after):
        suite.add(NO_TRACE, _shown(before), _shown(after), True)
    else:
        _find_trace(suite, asked)


def _find_trace(suite: Suite, asked: Sequence[Question]) -> None:
    """Repeats the refused requests one by one, to name the first that leaves a trace."""
    for question in asked:
        suite.begin("no trace", Weight.DATA, question.rule)
        before = suite.extrato(1)
        suite.ask(Request(CHECK, question.data))
        after = suite.extrato(1)
        if before is not None and after is not None and not _is_same(before, after):
            suite.add(NO_TRACE, _shown(before), _shown(after), False)
            return
    suite.add(NO_TRACE, "the same statement", "another one, but not again", False)


def _is_same(before: Extrato, after: Extrato) -> bool:
    return (before.total, before.transacoes) == (after.total, after.transacoes)


def _shown(extrato: Extrato) -> str:
    rows = ", ".join(f"{one.valor} {one.tipo} {one.descricao!r}" for one in extrato.transacoes)
    return f"total {extrato.total}, rows: {rows or 'none'}"
