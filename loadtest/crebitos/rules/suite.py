"""The table a conformance suite fills, and the questions its rules have in common."""

from dataclasses import dataclass

from loadtest.crebitos.contract import ContractBrokenError, Extrato, read_extrato, read_saldo
from loadtest.crebitos.mix import statement, transaction
from loadtest.wire.outcome import outcome_name
from loadtest.wire.probe import Answer, Probe


@dataclass(frozen=True, slots=True)
class Row:
    """One rule, what was expected, what came, and whether that is right."""

    group: str
    rule: str
    expected: str
    answer: str
    passed: bool


class Suite:
    """Asks through one probe and keeps the verdicts."""

    def __init__(self, probe: Probe) -> None:
        self.probe = probe
        self.host = probe.name
        self.rows: list[Row] = []

    def add(self, group: str, rule: str, expected: str, answer: str, passed: bool) -> None:
        self.rows.append(Row(group, rule, expected, answer, passed))

    def expect_status(
        self, group: str, rule: str, answer: Answer, allowed: tuple[int, ...]
    ) -> bool:
        passed = answer.code in allowed
        self.add(group, rule, _allowed_text(allowed), _short(answer), passed)
        return passed

    def extrato(self, client: int) -> Extrato | None:
        """A statement, or a failed row that says why there is none."""
        answer = self.probe.ask(statement(self.host, client))
        try:
            if answer.code == 200:
                return read_extrato(answer.body)
            trouble = _short(answer)
        except ContractBrokenError as broken:
            trouble = f"{broken}: {_short(answer)}"
        self.add("statement", f"statement of client {client}", "200 in shape", trouble, False)
        return None

    def move(self, client: int, delta: int, descricao: str = "regra") -> tuple[int, int | None]:
        """A transaction's status and, when it was accepted, the balance it answered."""
        return read_move(self.probe.ask(transaction(self.host, client, delta, descricao)))


def read_move(answer: Answer) -> tuple[int, int | None]:
    if answer.code != 200:
        return answer.code, None
    try:
        return 200, read_saldo(answer.body)[1]
    except ContractBrokenError:
        return 200, None


def move_text(moved: tuple[int, int | None]) -> str:
    code, saldo = moved
    return outcome_name(code) if saldo is None else f"{code}, saldo {saldo}"


def _allowed_text(allowed: tuple[int, ...]) -> str:
    if len(allowed) > 4:
        return "any 4xx"
    return " or ".join(str(status) for status in allowed)


def _short(answer: Answer) -> str:
    text = " ".join(str(answer).split())
    return text if len(text) <= 120 else f"{text[:117]}..."
