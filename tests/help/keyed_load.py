"""Transactions with idempotency keys at a constant rate: each is sent until it is answered."""

import contextlib
import http.client
import time
from collections import Counter

from tests.help.ledgers import query
from tests.help.running import Answer, Client
from tests.help.transaction_load import READ_ROWS, TransactionLoad

ANSWERED = (200, 422)
# Time within which everything that was killed answers again.
ANSWERED_MAX_S = 60.0
RETRY_PAUSE_S = 0.005
# One answered request in so many is sent once more.
ONCE_MORE_EVERY = 10


class KeyedLoad(TransactionLoad):
    """Each outcome is known: `attempts` counts requests, `changed` has answers that were not
    repeated byte for byte, and `saldos` the balances that were answered."""

    attempts = 0
    once_more = 0

    def __init__(self, port: int, rate: float, seed: int) -> None:
        super().__init__(port, rate, seed)
        self.changed: list[tuple[Answer, Answer]] = []
        self.saldos: dict[str, int] = {}

    def _ask(self, client: Client, asked: tuple[int, int, str]) -> Answer:
        first = self._until_answered(client, asked)
        if first.status == 200:
            self.saldos[asked[2]] = first.json["saldo"]
        if int(asked[2]) % ONCE_MORE_EVERY == 0:
            again = self._until_answered(client, asked)
            self.once_more += 1
            if (first.status, first.body) != (again.status, again.body):
                self.changed.append((first, again))
        return first

    def _until_answered(self, client: Client, asked: tuple[int, int, str]) -> Answer:
        cliente, change, name = asked
        until = time.monotonic() + ANSWERED_MAX_S
        body = {"valor": abs(change), "tipo": "c" if change > 0 else "d", "descricao": name}
        headers = {"Idempotency-Key": f'"{name}"'}
        while time.monotonic() < until:
            self.attempts += 1
            with contextlib.suppress(OSError, http.client.HTTPException):
                answer = client("POST", f"/clientes/{cliente}/transacoes", body, headers)
                if answer.status != 503:
                    return answer
            time.sleep(RETRY_PAUSE_S)
        raise AssertionError(f"no answer in {ANSWERED_MAX_S} s: {asked}")

    def assert_explains_every_row(self, ledger: str) -> None:
        """Sent, answered and stored are the same, exactly; the ledger was empty."""
        answered = Counter(outcome.status for outcome in self.outcomes)
        assert set(answered) <= set(ANSWERED), answered
        assert self.changed == []
        kept = Counter(outcome[:3] for outcome in self.outcomes if outcome.status == 200)
        assert Counter(query(ledger, READ_ROWS)) == kept
        keys = query(ledger, "SELECT cliente, chave FROM chaves")
        assert Counter(keys) == Counter((each.cliente, each.descricao) for each in self.outcomes)
        assert next(self._names) == str(len(self.outcomes)), "sent and not answered"
        # A retry is answered with the balance after its own transaction.
        assert dict(query(ledger, "SELECT descricao, saldo FROM livro")) == self.saldos
