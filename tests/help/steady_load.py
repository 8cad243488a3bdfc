"""Requests at a steady rate, with what became of each."""

import contextlib
import http.client
import itertools
import random
import threading
import time
from collections import Counter
from typing import NamedTuple

from tests.help.ledgers import query
from tests.help.running import Answer, Client

CONNECTIONS = 16
READ_ROWS = """
    SELECT cliente, CASE tipo WHEN 'c' THEN valor ELSE -valor END, descricao FROM transacoes
"""
CLIENTES = range(1, 6)


class Outcome(NamedTuple):
    cliente: int
    change: int
    # A name that no other has.
    descricao: str
    # 0: no answer came.
    status: int
    # Nobody knows whether it was applied.
    is_open: bool
    sent_at_s: float
    after_s: float


class SteadyLoad:
    """Runs in the background: `with SteadyLoad(port, 340) as load: ...`, then look at outcomes."""

    def __init__(self, port: int, rate: float, seed: int) -> None:
        print(f"seed {seed}")
        self._port = port
        self._rate = rate
        self._random = random.Random(seed)
        self._next_due = time.monotonic()
        self._names = map(str, itertools.count())
        self._turn = threading.Lock()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._drive) for _ in range(CONNECTIONS)]
        self.outcomes: list[Outcome] = []

    def __enter__(self) -> "SteadyLoad":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @property
    def failed(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.status not in (200, 422)]

    def assert_explains_every_balance(self) -> None:
        """Each is what the acknowledged answers add up to; unanswered ones are optional."""
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
        """Of a ledger that was empty: acknowledged ones are there, once; open ones at most once."""
        rows = Counter(query(ledger, READ_ROWS))
        kept = {outcome[:3] for outcome in self.outcomes if outcome.status == 200}
        left_open = {outcome[:3] for outcome in self.outcomes if outcome.is_open}
        assert kept - rows.keys() == set(), "acknowledged and lost"
        assert rows.keys() - kept - left_open == set(), "not acknowledged and there"
        assert [row for row, count in rows.items() if count > 1] == [], "applied twice"

    def _drive(self) -> None:
        client = Client(self._port)
        while not self._stop.is_set():
            with self._turn:
                self._next_due += 1 / self._rate
                due = self._next_due
                cliente, change = self._random.randint(1, 5), self._random.randint(-9, 9) or 1
                name = next(self._names)
            time.sleep(max(0.0, due - time.monotonic()))
            started = time.monotonic()
            answer = Answer(0, b"", {})
            with contextlib.suppress(OSError, http.client.HTTPException):
                answer = client.transact(cliente, abs(change), "c" if change > 0 else "d", name)
            after_s = time.monotonic() - started
            is_open = answer.status == 0 or b"before a retry" in answer.body
            self.outcomes.append(
                Outcome(cliente, change, name, answer.status, is_open, started, after_s)
            )
        client.close()
