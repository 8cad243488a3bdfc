"""Transactions at a constant rate, with the outcome of each."""

from collections import Counter
from typing import NamedTuple

from tests.help.constant_rate import ConstantRate, Sent
from tests.help.ledgers import query
from tests.help.running import Answer, Client

READ_ROWS = """
    SELECT cliente, CASE tipo WHEN 'c' THEN valor ELSE -valor END, descricao FROM transacoes
"""
CLIENTES = range(1, 6)


class Outcome(NamedTuple):
    cliente: int
    change: int
    # Unique.
    descricao: str
    # 0 is no answer.
    status: int
    # The transaction may have been applied or not.
    is_open: bool
    sent_at_s: float
    after_s: float


class TransactionLoad(ConstantRate[tuple[int, int, str]]):
    outcomes: list[Outcome]

    @property
    def failed(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.status not in (200, 422)]

    def assert_explains_every_balance(self) -> None:
        """Each balance is the sum of acknowledged changes and of some of the failed ones."""
        client = Client(self._port)
        for cliente in CLIENTES:
            mine = [outcome for outcome in self.outcomes if outcome.cliente == cliente]
            reachable = {sum(outcome.change for outcome in mine if outcome.status == 200)}
            for outcome in mine:
                if outcome.status not in (200, 422):
                    reachable |= {saldo + outcome.change for saldo in reachable}
            assert client.extrato(cliente)["saldo"]["total"] in reachable
        client.close()

    def assert_explains_every_row(self, ledger: str) -> None:
        """Acknowledged rows exist once, open ones at most once; the ledger was empty."""
        rows = Counter(query(ledger, READ_ROWS))
        kept = {outcome[:3] for outcome in self.outcomes if outcome.status == 200}
        left_open = {outcome[:3] for outcome in self.outcomes if outcome.is_open}
        assert kept - rows.keys() == set(), "acknowledged and lost"
        assert rows.keys() - kept - left_open == set(), "not acknowledged and there"
        assert [row for row, count in rows.items() if count > 1] == [], "applied twice"

    def _draw(self) -> tuple[int, int, str]:
        cliente, change = self._random.randint(1, 5), self._random.randint(-9, 9) or 1
        return cliente, change, next(self._names)

    def _ask(self, client: Client, asked: tuple[int, int, str]) -> Answer:
        cliente, change, name = asked
        return client.transact(cliente, abs(change), "c" if change > 0 else "d", name)

    def _note(self, asked: tuple[int, int, str], answer: Answer, sent: Sent) -> None:
        self.outcomes.append(Outcome(*asked, answer.status, *sent))
