"""Transactions and statements at a constant rate during failures, with every answer recorded."""

import contextlib
import http.client
import itertools
import threading
import time
from random import Random

from tests.help.answer_check import Answered
from tests.help.running import Client

CONNECTIONS = 8
# One request in so many is a statement: often enough to find a stale one.
STATEMENT_EVERY = 4
# High enough for refusals, as two clients have low limits.
VALOR_MAX = 20_000
UNKNOWN = b"before a retry"


class CheckedLoad:
    """Runs in the background: `with CheckedLoad(port, 200, seed) as load: ...`."""

    def __init__(self, port: int, rate: float, seed: int) -> None:
        self._port = port
        self._rate = rate
        self._random = Random(seed)
        self._names = map(str, itertools.count())
        self._next_due = time.monotonic()
        self._turn = threading.Lock()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._drive) for _ in range(CONNECTIONS)]
        self.said: list[Answered] = []
        # Unexpected answers: the status and the body.
        self.odd: list[tuple[int, bytes]] = []

    def __enter__(self) -> "CheckedLoad":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def gap_s(self, since_s: float, until_s: float) -> float:
        """Returns the longest time without an acknowledged transaction that touches this span."""
        done = [each.answered_s for each in self.said if each.status == 200 and each.names is None]
        inside = [moment for moment in sorted(done) if since_s - 1 <= moment <= until_s]
        return max(
            (late - early for early, late in itertools.pairwise([*inside, until_s])), default=0.0
        )

    def acknowledged(self) -> int:
        return sum(each.status == 200 and each.names is None for each in self.said)

    def _drive(self) -> None:
        client = Client(self._port)
        while not self._stop.is_set():
            with self._turn:
                self._next_due += 1 / self._rate
                due, name = self._next_due, next(self._names)
                cliente = self._random.choice((1, 1, 2, 2, 3, 4, 5))
                change = self._random.randint(-VALOR_MAX, VALOR_MAX) or 1
                is_statement = self._random.randrange(STATEMENT_EVERY) == 0
            time.sleep(max(0.0, due - time.monotonic()))
            self.said.append(
                self.read(client, cliente)
                if is_statement
                else self.transact(client, cliente, change, name)
            )
        client.close()

    def transact(self, client: Client, cliente: int, change: int, name: str) -> Answered:
        sent_s = time.monotonic()
        status, body, saldo = 0, b"", 0
        with contextlib.suppress(OSError, http.client.HTTPException):
            answer = client.transact(cliente, abs(change), "c" if change > 0 else "d", name)
            status, body = answer.status, answer.body
            saldo = answer.json["saldo"] if status == 200 else 0
        now_s = time.monotonic()
        if status == 0 or UNKNOWN in body:
            return Answered(cliente, sent_s, now_s, 503, name, change)
        if status not in (200, 422, 503):
            self.odd.append((status, body))
        return Answered(cliente, sent_s, now_s, status if status != 503 else 0, name, change, saldo)

    def read(self, client: Client, cliente: int) -> Answered:
        sent_s = time.monotonic()
        with contextlib.suppress(OSError, http.client.HTTPException):
            answer = client("GET", f"/clientes/{cliente}/extrato")
            now_s = time.monotonic()
            if answer.status == 200:
                names = tuple(row["descricao"] for row in answer.json["ultimas_transacoes"])
                saldo = answer.json["saldo"]["total"]
                return Answered(cliente, sent_s, now_s, 200, saldo=saldo, names=names)
            if answer.status != 503:
                self.odd.append((answer.status, answer.body))
        return Answered(cliente, sent_s, time.monotonic(), 0, names=())
