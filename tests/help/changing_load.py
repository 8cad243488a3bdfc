"""Requests with and without keys, some of them sent again, while their clients change."""

import itertools
import queue
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple, TypeVar

from rinha.crebitos.clientes import Changed, Clientes
from rinha.errors import StoreBusyError
from tests.help.running import ANSWER_MAX_S, Answer, Client

CONNECTIONS = 16
# A change of a client comes after so many requests.
CHANGE_EVERY = 25
# Clients that have requests at a time, closed ones among them.
CLIENTES_AT_ONCE = 4
# A limit of a few debits: many are refused, and many changes too.
VALOR_MAX, LIMITE_MAX = 1_000, 1_500
# Shares of the requests, of the transactions, and of the changes.
EXTRATOS, SENT_AGAIN, KEYS_REUSED = 0.1, 0.2, 0.02
WITH_KEY = 0.5
CLOSES = 0.3
# A request may be sent again until so many others with keys have been sent.
RECENT = 40

T = TypeVar("T")


class Timed(NamedTuple):
    """An answer, and when it was asked for and came."""

    sent_ns: int
    answered_ns: int
    answer: Answer


@dataclass
class Transaction:
    """A transaction, and its answers: more than one if it was sent again with its key."""

    cliente: int
    valor: int
    tipo: str
    descricao: str
    key: str
    answers: list[Timed] = field(default_factory=list)


class Change(NamedTuple):
    """A change that was tried. Without a limit it is a close."""

    cliente: int
    limite: int | None
    sent_ns: int
    answered_ns: int
    before: Changed


class ChangingLoad:
    """Runs in the main thread, which changes the clients: the write lock's alarm needs it."""

    def __init__(self, port: int, clientes: Clientes, seed: int) -> None:
        self._port = port
        self._clientes = clientes
        self._seed = seed
        self._random = Random(seed)
        self._numbers = itertools.count(1)
        # A worker waits here if two changes are due already.
        self._due: queue.Queue[None] = queue.Queue(2)
        self._recent: list[Transaction] = []
        # The clients, and the limits that they had at first.
        self.limites: dict[int, int] = {}
        self.transactions: list[Transaction] = []
        self.extratos: list[tuple[int, Timed]] = []
        self.changes: list[Change] = []
        # Answers to keys that came before with another body.
        self.reused: list[Answer] = []

    def run(self, requests: int) -> None:
        for _ in range(CLIENTES_AT_ONCE):
            self._add()
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            workers = [pool.submit(self._work, number, requests) for number in range(CONNECTIONS)]
            # Workers that failed ask for no change.
            with suppress(queue.Empty):
                for _ in range(requests // CHANGE_EVERY):
                    self._due.get(timeout=ANSWER_MAX_S)
                    self._change()
        for worker in workers:
            worker.result()
        with closing(Client(self._port)) as client:
            for cliente in self.limites:
                self._read(client, cliente)

    def _add(self) -> None:
        limite = self._random.randint(0, LIMITE_MAX)
        cliente = _until_free(lambda: self._clientes.add_next(limite, "Ana"))
        assert cliente is not None
        self.limites[cliente] = limite

    def _change(self) -> None:
        """Closes the oldest client that has requests, or changes a limit."""
        closes = self._random.random() < CLOSES
        cliente = self._now()[0] if closes else self._random.choice(self._now())
        limite = None if closes else self._random.randint(0, LIMITE_MAX)
        sent_ns = time.monotonic_ns()
        before = _until_free(
            lambda: (
                self._clientes.close(cliente)
                if limite is None
                else self._clientes.change_limite(cliente, limite)
            )
        )
        assert before is not None
        self.changes.append(Change(cliente, limite, sent_ns, time.monotonic_ns(), before))
        if closes and before.done:
            self._add()

    def _now(self) -> list[int]:
        return list(self.limites)[-CLIENTES_AT_ONCE:]

    def _work(self, worker: int, requests: int) -> None:
        rng = Random(f"{self._seed} {worker}")
        with closing(Client(self._port)) as client:
            while (number := next(self._numbers)) <= requests:
                if number % CHANGE_EVERY == 0:
                    self._due.put(None, timeout=ANSWER_MAX_S)
                drawn = rng.random()
                if drawn < EXTRATOS:
                    self._read(client, rng.choice(self._now()))
                elif drawn < EXTRATOS + SENT_AGAIN and self._recent:
                    self._send(client, rng.choice(self._recent))
                elif drawn < EXTRATOS + SENT_AGAIN + KEYS_REUSED and self._recent:
                    self._reuse(client, rng.choice(self._recent))
                else:
                    self._transact(client, rng, number)

    def _transact(self, client: Client, rng: Random, number: int) -> None:
        key = f"{self._seed}-{number}" if rng.random() < WITH_KEY else ""
        drawn = rng.choice(self._now()), rng.randint(1, VALOR_MAX), rng.choice("cd")
        transaction = Transaction(*drawn, f"{number}", key)
        self.transactions.append(transaction)
        if key:
            # Before it is sent: another worker may send it at the same time.
            self._recent = [*self._recent[1 - RECENT :], transaction]
        self._send(client, transaction)

    def _send(self, client: Client, transaction: Transaction) -> None:
        sent_ns = time.monotonic_ns()
        answer = _post(client, transaction, transaction.descricao)
        transaction.answers.append(Timed(sent_ns, time.monotonic_ns(), answer))

    def _reuse(self, client: Client, transaction: Transaction) -> None:
        """Sends another body with a key that is known: a client that is closed leaves none."""
        if any(b"closed" not in timed.answer.body for timed in transaction.answers):
            self.reused.append(_post(client, transaction, "another"))

    def _read(self, client: Client, cliente: int) -> None:
        sent_ns = time.monotonic_ns()
        answer = client("GET", f"/clientes/{cliente}/extrato")
        self.extratos.append((cliente, Timed(sent_ns, time.monotonic_ns(), answer)))


def _post(client: Client, transaction: Transaction, descricao: str) -> Answer:
    body = {"valor": transaction.valor, "tipo": transaction.tipo, "descricao": descricao}
    headers = {"Idempotency-Key": f'"{transaction.key}"'} if transaction.key else {}
    while True:
        answer = client("POST", f"/clientes/{transaction.cliente}/transacoes", body, headers)
        # On a busy machine a wait for the write lock may time out.
        if not (answer.status == 503 and b"nothing was written" in answer.body):
            return answer


def _until_free(change: Callable[[], T]) -> T:
    """Repeats a change while the ledger is busy, which wrote nothing."""
    while True:
        with suppress(StoreBusyError):
            return change()
