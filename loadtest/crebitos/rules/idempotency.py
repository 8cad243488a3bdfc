"""Rules of draft-ietf-httpapi-idempotency-key-header-07, for an entry that promises them."""

from collections.abc import Sequence
from time import sleep
from typing import NamedTuple
from uuid import uuid4

from loadtest.crebitos.contract import LIMITES
from loadtest.crebitos.mix import LedgerRequest, transacao
from loadtest.crebitos.rules.suite import Suite
from loadtest.judging.rulebook import Weight
from loadtest.report.data import Rule
from loadtest.report.rule_progress import RuleView
from loadtest.wire.probe import Answer, Probe
from loadtest.wire.request import Header

GROUP = "idempotency"
SIZE = 26  # rules that a right entry is asked
CLIENTE, OTHER_CLIENTE, POOR_CLIENTE = 3, 4, 1
VALOR = 7
TOGETHER, TOGETHER_ROUNDS = 16, 5
# Transactions between a request and its repeat, and how many of them are sent at once.
LATER, LATER_TOGETHER = 200, 20
CONFLICT = 409
# Repeats of a request that was done, while 409 says that it is under way: two seconds in all.
CONFLICT_RETRIES, CONFLICT_PAUSE_S = 20, 0.1
# Values that are no String of RFC 8941, each around a key that was not used before.
MALFORMED = {
    "no quotes": "{}",
    "single quotes": "'{}'",
    "no closing quote": '"{}',
    "a character that is not ASCII": '"{}é"',
    "an escaped letter": '"{}\\a"',
    "two values": '"{}", "b"',
}


def check_keys(probe: Probe, seed: int, view: RuleView, asked: Sequence[Rule]) -> list[Rule]:
    """Checks the rules of the header, and returns them after those that were asked before."""
    suite = Suite(probe, seed, view)
    suite.rules += asked
    for delta in (VALOR, -VALOR):
        suite.attempt(_ask_again, suite, delta)
    suite.attempt(_ask_refused, suite)
    suite.attempt(_ask_another_request, suite)
    suite.attempt(_ask_malformed, suite)
    suite.attempt(_ask_together, suite)
    suite.attempt(_ask_other_keys, suite)
    suite.attempt(_ask_later, suite)
    suite.restore_balances()
    return suite.rules


def _new_key() -> str:
    """Returns a new key. A seed would repeat keys that the target knows from an earlier check."""
    return f'"{uuid4()}"'


def _keyed(
    suite: Suite, key: str, descricao: str, delta: int = VALOR, cliente: int = CLIENTE
) -> LedgerRequest:
    headers = (*suite.target.headers, Header("Idempotency-Key", key))
    return transacao(suite.target._replace(headers=headers), cliente, delta, descricao)


class Watched(NamedTuple):
    """A client's balance before the requests of a rule, and the description of their rows."""

    suite: Suite
    cliente: int
    total: int
    descricao: str

    def expect(self, rule: str, moved: int, rows: int) -> None:
        """Adds a rule about the balance, and about the number of rows with the description."""
        after = self.suite.extrato(self.cliente)
        if after is None:
            return
        seen = sum(row.descricao == self.descricao for row in after.transacoes)
        expected, got = (
            f"balance moved by {by}, {count} row{'' if count == 1 else 's'}"
            for by, count in ((moved, rows), (after.total - self.total, seen))
        )
        self.suite.add(rule, expected, got)


def _begin(suite: Suite, weight: Weight, cliente: int = CLIENTE) -> Watched | None:
    suite.begin_restored(GROUP, weight)
    return _watch(suite, cliente)


def _watch(suite: Suite, cliente: int) -> Watched | None:
    shown = suite.extrato(cliente)
    # Ten hexadecimal digits: no row of another rule has the same.
    return Watched(suite, cliente, shown.total, uuid4().hex[:10]) if shown else None


def _add_same(suite: Suite, rule: str, code: int, first: Answer, again: Answer) -> None:
    """Adds a rule about a repeat, whose status and bytes must be those of the first answer."""
    if first.code != code:
        suite.add(rule, f"{code} at first", str(first), False)
        return
    suite.add(rule, f"the same bytes: {first}", str(again), _is_same(first, again))


def _ask_again(suite: Suite, delta: int) -> None:
    """Checks a transaction that is sent three times, with another one in between."""
    suite.begin_restored(GROUP, Weight.DATA)
    suite.make_room(CLIENTE, VALOR)
    before = _watch(suite, CLIENTE)
    if before is None:
        return
    name = "a credit" if delta > 0 else "a debit"
    request, between = _keyed(suite, _new_key(), before.descricao, delta), 1
    first = suite.ask(request)
    suite.move(CLIENTE, between, "outra")
    suite.ask(request)
    again = suite.ask(request)
    rule = f"{name}, sent again with its key: counted once"
    before.expect(rule, delta + between, 1)
    _add_same(suite, f"{name}, sent again with its key: answered as before", 200, first, again)


def _ask_refused(suite: Suite) -> None:
    """Checks that a refusal is remembered, like any outcome of a request that was processed."""
    before = _begin(suite, Weight.DATA, POOR_CLIENTE)
    if before is None:
        return
    more = 1
    delta = -(before.total + LIMITES[POOR_CLIENTE] + more)
    request = _keyed(suite, _new_key(), before.descricao, delta, POOR_CLIENTE)
    first = suite.ask(request)
    suite.move(POOR_CLIENTE, more, "folga")
    again = suite.ask(request)
    rule = "a refused debit, sent again with its key when there is money: not counted"
    before.expect(rule, more, 0)
    rule = "a refused debit, sent again with its key when there is money: answered as before"
    _add_same(suite, rule, 422, first, again)


def _ask_another_request(suite: Suite) -> None:
    """Checks a key that comes with another request, which the draft says SHOULD be a 422."""
    before = _begin(suite, Weight.REST)
    other = _watch(suite, OTHER_CLIENTE)
    if before is None or other is None:
        return
    key, descricao = _new_key(), before.descricao
    suite.ask(_keyed(suite, key, descricao))
    others = {
        "valor": _keyed(suite, key, descricao, VALOR + 1),
        "tipo": _keyed(suite, key, descricao, -VALOR),
        "descricao": _keyed(suite, key, "outra"),
        "client": _keyed(suite, key, descricao, cliente=OTHER_CLIENTE),
    }
    for what, request in others.items():
        rule = f"a known key with another {what} should be refused"
        suite.expect_status(rule, suite.ask(request), (422,))
    rule = "a known key with another body changes nothing"
    before.expect(rule, VALOR, 1)
    rule = "a known key with another client changes nothing"
    other._replace(descricao=descricao).expect(rule, 0, 0)


def _ask_malformed(suite: Suite) -> None:
    before = _begin(suite, Weight.REST)
    if before is None:
        return
    for name, value in MALFORMED.items():
        request = _keyed(suite, value.format(uuid4()), before.descricao)
        suite.expect_status(f"a malformed key: {name}", suite.ask(request), (400,))
    before.expect("malformed keys change nothing", 0, 0)


def _ask_together(suite: Suite) -> None:
    """Checks one request on many connections at once; 409 is allowed while it is under way."""
    before = _begin(suite, Weight.DATA)
    if before is None:
        return
    wrong: list[Answer] = []
    late: list[Answer] = []
    for _ in range(TOGETHER_ROUNDS):
        key = _new_key()
        requests = [_keyed(suite, key, before.descricao) for _ in range(TOGETHER)]
        answers = suite.ask_together(requests)
        after = _retried(suite, requests[0])
        done = [answer for answer in answers if answer.code == 200] or [after]
        wrong += [one for one in answers if one.code != CONFLICT and not _is_same(one, done[0])]
        if after.code != 200 or not _is_same(after, done[0]):
            late.append(after)
    times = f"{TOGETHER} times at once with one key"
    rule, rounds = f"a credit {times}: counted once", TOGETHER_ROUNDS
    before.expect(rule, VALOR * rounds, rounds)
    for rule, found, expected in (
        (f"a credit {times}: answered alike, or 409", wrong, "one answer, or 409"),
        (f"a credit {times}, and once more: answered", late, "the answer of the first"),
    ):
        suite.add(rule, expected, str(found[0]) if found else expected, not found)


def _is_same(one: Answer, other: Answer) -> bool:
    return (one.code, one.body) == (other.code, other.body)


def _retried(suite: Suite, request: LedgerRequest) -> Answer:
    """Sends a request again, and then a few times more while the answer is 409."""
    answer = suite.ask(request)
    for _ in range(CONFLICT_RETRIES):
        if answer.code != CONFLICT:
            break
        sleep(CONFLICT_PAUSE_S)
        answer = suite.ask(request)
    return answer


def _ask_other_keys(suite: Suite) -> None:
    """Checks equal bodies that are not repeats: they have different keys, or none."""
    before = _begin(suite, Weight.DATA)
    if before is None:
        return
    for _ in range(2):
        suite.ask(_keyed(suite, _new_key(), before.descricao))
    before.expect("two keys with equal bodies count twice", 2 * VALOR, 2)
    before = _begin(suite, Weight.DATA)
    if before is None:
        return
    for _ in range(2):
        suite.move(CLIENTE, VALOR, before.descricao)
    rule = "two equal requests without a key count twice"
    before.expect(rule, 2 * VALOR, 2)


def _ask_later(suite: Suite) -> None:
    """Checks that a key is still known after many others."""
    before = _begin(suite, Weight.DATA)
    if before is None:
        return
    request = _keyed(suite, _new_key(), before.descricao)
    first, moved = suite.ask(request), VALOR
    for _ in range(0, LATER, LATER_TOGETHER):
        others = [_keyed(suite, _new_key(), "outra", 1) for _ in range(LATER_TOGETHER)]
        moved += sum(answer.code == 200 for answer in suite.ask_together(others))
    again, after = suite.ask(request), suite.extrato(CLIENTE)
    if after is None:
        return
    rule = f"a key after {LATER} others"
    expected, got = (f"balance moved by {by}" for by in (moved, after.total - before.total))
    suite.add(f"{rule}: counted once", expected, got)
    _add_same(suite, f"{rule}: answered as before", 200, first, again)
