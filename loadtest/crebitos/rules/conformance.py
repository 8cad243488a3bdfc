"""The conformance suite: every rule of the contract asked, as rows of a table."""

from loadtest.crebitos.contract import CLIENTES, Extrato
from loadtest.crebitos.mix import Request, transaction
from loadtest.crebitos.rules.burst import ask_bursts
from loadtest.crebitos.rules.fields import questions
from loadtest.crebitos.rules.ledger import ask_accepted_bodies, ask_ledger_rules, ask_shapes
from loadtest.crebitos.rules.suite import Row, Suite
from loadtest.wire.outcome import Kind
from loadtest.wire.probe import Answer, Probe


def check(probe: Probe, *, strict: bool) -> list[Row]:
    """Asks everything, then gives every client the balance back that it had."""
    suite = Suite(probe)
    before = probe.statements()
    _ask_questions(suite, strict=strict)
    ask_shapes(suite)
    if strict:
        ask_accepted_bodies(suite)
        ask_ledger_rules(suite)
    ask_bursts(suite, strict=strict)
    _restore(probe, before)
    return suite.rows


def _ask_questions(suite: Suite, *, strict: bool) -> None:
    group = "no trace"
    before = suite.extrato(1)
    for question in questions(suite.host):
        if strict or question.official:
            answer = suite.probe.ask(Request(Kind.CHECK, question.data))
            suite.expect_status(question.group, question.rule, answer, question.allowed)
    after = suite.extrato(1)
    if before is None or after is None:
        suite.add(group, "refused requests change nothing", "a statement", "none came", False)
        return
    same = before.total == after.total and before.linhas == after.linhas
    seen = f"total {after.total}, newest {after.linhas[:1]}"
    expected = f"total {before.total} and the same rows"
    suite.add(group, "refused requests change nothing", expected, seen, same)


def _restore(probe: Probe, before: dict[int, Extrato | Answer]) -> None:
    after = probe.statements()
    for client in CLIENTES:
        was, now = before[client], after[client]
        if isinstance(was, Extrato) and isinstance(now, Extrato) and was.total != now.total:
            delta = was.total - now.total
            probe.ask(transaction(probe.name, client, delta, "devolve"))
