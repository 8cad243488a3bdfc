"""The rules that were asked, and the questions that many of them have in common."""

from enum import IntEnum
from typing import NamedTuple

from loadtest.crebitos.contract import ContractBrokenError, Extrato, read_extrato, read_saldo
from loadtest.crebitos.mix import extrato, transacao
from loadtest.crebitos.state import State, state_of
from loadtest.play.rulebook import Rulebook
from loadtest.report.data import Rule
from loadtest.wire.curl import curl_line
from loadtest.wire.probe import Answer, Probe


class Moved(NamedTuple):
    """A transaction's status, when it was accepted the balance it answered, and both in words."""

    code: int
    saldo: int | None
    text: str


class Weight(IntEnum):
    """Of what is broken, what weighs most is shown first."""

    MONEY = 0  # balances, limits and histories: fined by the official judge, or lost by somebody
    OFFICIAL = 1  # what the official run asks besides
    REST = 2


class Suite(Rulebook):
    """Knows what every client had before."""

    def __init__(self, probe: Probe, seed: int) -> None:
        super().__init__(probe)
        self.seed = seed
        self._before = state_of(probe)

    def begin_afresh(self, group: str, weight: Weight, whose: str = "") -> State:
        """Every client has what it had at first, so that what follows can be repeated by hand."""
        self.give_back()
        self.begin(group, weight, whose)
        return self.state()

    def state(self) -> State:
        return state_of(self._probe)

    def give_back(self) -> None:
        for cliente, now in self.state().items():
            was = self._before[cliente]
            if isinstance(was, Extrato) and isinstance(now, Extrato) and was.total != now.total:
                delta = was.total - now.total
                self._probe.ask(transacao(self.host, cliente, delta, "devolve"))

    def extrato(self, cliente: int) -> Extrato | None:
        """A statement, or a broken rule that says why there is none."""
        request = extrato(self.host, cliente)
        answer = self.ask(request)
        try:
            if answer.code == 200:
                return read_extrato(answer.body)
            trouble = str(answer)
        except ContractBrokenError as broken:
            trouble = f"{broken}: {answer}"
        asked = ("shape", f"client {cliente}", "statement")
        weight, repeat = int(Weight.OFFICIAL), curl_line(request.data)
        rule = Rule(*asked, "200 in shape", trouble, False, weight, repeat)
        if all(one.name != rule.name for one in self.rules):
            self.rules.append(rule)
        return None

    def move(self, cliente: int, delta: int, descricao: str = "regra") -> Moved:
        return read_move(self.ask(transacao(self.host, cliente, delta, descricao)))


def read_move(answer: Answer) -> Moved:
    if answer.code != 200:
        return Moved(answer.code, None, str(answer))
    try:
        saldo = read_saldo(answer.body)[1]
    except ContractBrokenError as broken:
        return Moved(200, None, f"{broken}: {answer}")
    return Moved(200, saldo, f"200, saldo {saldo}")
