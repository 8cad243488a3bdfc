"""Transactions and statements at a constant rate during failures, with every answer recorded."""

import itertools

from tests.help.answer_check import Answered
from tests.help.constant_rate import ConstantRate, Sent
from tests.help.running import Answer, Client

# One request in so many is a statement: often enough to find a stale one.
STATEMENT_EVERY = 4
# High enough for refusals, as two clients have low limits.
VALOR_MAX = 20_000


class CheckedLoad(ConstantRate[tuple[int, int, str]]):
    """Load of transactions and statements. A request is a client, the change of its balance, which
    is 0 for a statement, and a name."""

    outcomes: list[Answered]
    connections = 8

    def __init__(self, port: int, rate: float, seed: int) -> None:
        super().__init__(port, rate, seed)
        # Unexpected answers: the status and the body.
        self.odd: list[tuple[int, bytes]] = []

    @property
    def acknowledged(self) -> list[Answered]:
        return [each for each in self.outcomes if each.status == 200 and each.names is None]

    def gap_s(self, since_s: float, until_s: float) -> float:
        """Returns the longest time without an acknowledged transaction that touches this span."""
        done = sorted(each.answered_s for each in self.acknowledged)
        inside = [at_s for at_s in done if since_s - 1 <= at_s <= until_s]
        return max(
            (late - early for early, late in itertools.pairwise([*inside, until_s])), default=0.0
        )

    def _draw(self) -> tuple[int, int, str]:
        cliente = self._random.choice((1, 1, 2, 2, 3, 4, 5))
        change = self._random.randint(-VALOR_MAX, VALOR_MAX) or 1
        is_statement = self._random.randrange(STATEMENT_EVERY) == 0
        return cliente, 0 if is_statement else change, next(self._names)

    def _ask(self, client: Client, asked: tuple[int, int, str]) -> Answer:
        cliente, change, name = asked
        if change == 0:
            return client("GET", f"/clientes/{cliente}/extrato")
        return client.transact(cliente, abs(change), "c" if change > 0 else "d", name)

    def _note(self, asked: tuple[int, int, str], answer: Answer, sent: Sent) -> None:
        cliente, change, name = asked
        times_s = sent.sent_at_s, sent.sent_at_s + sent.after_s
        status, saldo, names = answer.status, 0, None if change else ()
        if status not in (0, 200, 503) and (change == 0 or status != 422):
            self.odd.append((status, answer.body))
        elif status == 200 and change:
            saldo = answer.json["saldo"]
        elif status == 200:
            saldo = answer.json["saldo"]["total"]
            names = tuple(row["descricao"] for row in answer.json["ultimas_transacoes"])
        if change and sent.is_open:
            status = 503
        elif status == 503:
            # It says that nothing was written.
            status = 0
        self.outcomes.append(Answered(cliente, *times_s, status, name, change, saldo, names))
