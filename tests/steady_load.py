"""Requests at a steady rate, with what became of each. Imports running."""

import http.client
import random
import threading
import time
from typing import NamedTuple

from tests.running import Client

CONNECTIONS = 16
CLIENTES = range(1, 6)


class Outcome(NamedTuple):
    cliente: int
    change: int
    # 0: no answer came.
    status: int
    after_s: float


class SteadyLoad:
    """Runs in the background: `with SteadyLoad(port, 340) as load: ...`, then look at outcomes."""

    def __init__(self, port: int, rate: float, seed: int) -> None:
        print(f"seed {seed}")
        self._port = port
        self._rate = rate
        self._random = random.Random(seed)
        self._next_due = time.monotonic()
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

    def _drive(self) -> None:
        client = Client(self._port)
        while not self._stop.is_set():
            with self._turn:
                self._next_due += 1 / self._rate
                due = self._next_due
                cliente, change = self._random.randint(1, 5), self._random.randint(-9, 9) or 1
            time.sleep(max(0.0, due - time.monotonic()))
            started = time.monotonic()
            try:
                status = client.transact(cliente, abs(change), "c" if change > 0 else "d").status
            except (OSError, http.client.HTTPException):
                status = 0
            self.outcomes.append(Outcome(cliente, change, status, time.monotonic() - started))
        client.close()
