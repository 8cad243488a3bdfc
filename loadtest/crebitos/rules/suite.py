"""This edition's suite of rules, and the requests that many rules share."""

from typing import NamedTuple

from loadtest.crebitos.contract import LIMITES, Extrato, read_extrato, read_saldo
from loadtest.crebitos.mix import extrato, transacao
from loadtest.crebitos.state import State, state_of
from loadtest.judging.rulebook import Rulebook, Weight
from loadtest.report.data import Rule
from loadtest.report.rule_progress import RuleView
from loadtest.wire.curl import curl_line
from loadtest.wire.document import ContractBrokenError
from loadtest.wire.probe import Answer, Probe


class Moved(NamedTuple):
    """A transaction's status, the balance it returned if it was accepted, and both as text."""

    code: int
    saldo: int | None
    text: str


class Suite(Rulebook):
    """A rulebook that knows every client's balance before the check, and restores it."""

    def __init__(self, probe: Probe, seed: int, view: RuleView | None = None) -> None:
        super().__init__(probe, view)
        self.seed = seed
        self._before = state_of(probe)

    def begin_restored(self, group: str, weight: Weight, whose: str = "") -> State:
        """Restores all balances and begins a group, so that its requests can be repeated."""
        self.restore_balances()
        self.begin(group, weight, whose)
        return self.state()

    def make_room(self, cliente: int, room: int) -> None:
        """Credits a client whose balance is too near its limit for debits of so much.

        Any load takes balances there: a right refusal must not look like a broken rule.
        """
        now = self.state()[cliente]
        if isinstance(now, Extrato) and now.total + LIMITES[cliente] < room:
            self.move(cliente, room - now.total - LIMITES[cliente], "folga")

    def state(self) -> State:
        return state_of(self._probe)

    def restore_balances(self) -> None:
        for cliente, now in self.state().items():
            was = self._before[cliente]
            if isinstance(was, Extrato) and isinstance(now, Extrato) and was.total != now.total:
                delta = was.total - now.total
                self._probe.ask(transacao(self.target, cliente, delta, "devolve"))

    def extrato(self, cliente: int) -> Extrato | None:
        """Returns a statement, or adds a broken rule that says why there is none."""
        request = extrato(self.target, cliente)
        text, shown = self.read(request, read_extrato)
        if shown is not None:
            return shown
        asked = ("shape", f"client {cliente}", "statement")
        weight, repeat = int(Weight.OFFICIAL), curl_line(self.target, request.data)
        rule = Rule(*asked, "200 and a valid statement", text, False, weight, repeat)
        if all(one.name != rule.name for one in self.rules):
            self.rules.append(rule)
        return None

    def move(self, cliente: int, delta: int, descricao: str = "regra") -> Moved:
        return read_move(self.ask(transacao(self.target, cliente, delta, descricao)))


def read_move(answer: Answer) -> Moved:
    if answer.code != 200:
        return Moved(answer.code, None, str(answer))
    try:
        saldo = read_saldo(answer.body)[1]
    except ContractBrokenError as broken:
        return Moved(200, None, f"{broken}: {answer}")
    return Moved(200, saldo, f"200, saldo {saldo}")
