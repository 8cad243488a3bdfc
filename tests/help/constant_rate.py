"""Requests at a constant rate in the background, with the outcome of each."""

import contextlib
import http.client
import itertools
import random
import threading
import time
from abc import abstractmethod
from typing import Any, Generic, NamedTuple, Self, TypeVar

from tests.help.running import Answer, Client

CONNECTIONS = 16

Asked = TypeVar("Asked")


class Sent(NamedTuple):
    """The request may have been carried out or not."""

    is_open: bool
    sent_at_s: float
    after_s: float


class ConstantRate(Generic[Asked]):
    """Base class of a load: `with ...(port, 340, seed) as load: ...`, then read `load.outcomes`."""

    connections = CONNECTIONS
    client: type[Client] = Client

    def __init__(self, port: int, rate: float, seed: int) -> None:
        print(f"seed {seed}")
        self._port = port
        self._rate = rate
        self.seed = seed
        self._random = random.Random(seed)
        self._next_due = time.monotonic()
        # Unique names.
        self._names = map(str, itertools.count())
        self._turn = threading.Lock()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._drive) for _ in range(self.connections)]
        self.outcomes: list[Any] = []

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @abstractmethod
    def _draw(self) -> Asked:
        """Returns the next request."""

    @abstractmethod
    def _ask(self, client: Client, asked: Asked) -> Answer: ...

    @abstractmethod
    def _note(self, asked: Asked, answer: Answer, sent: Sent) -> None:
        """Records an outcome; the status of no answer is 0."""

    def _drive(self) -> None:
        client = self.client(self._port)
        while not self._stop.is_set():
            with self._turn:
                self._next_due += 1 / self._rate
                due, asked = self._next_due, self._draw()
            time.sleep(max(0.0, due - time.monotonic()))
            self.send(client, asked)
        client.close()

    def send(self, client: Client, asked: Asked) -> None:
        """Sends one request now."""
        sent_at_s = time.monotonic()
        answer = Answer(0, b"", {})
        with contextlib.suppress(OSError, http.client.HTTPException):
            answer = self._ask(client, asked)
        after_s = time.monotonic() - sent_at_s
        is_open = answer.status == 0 or b"before you send it again" in answer.body
        self._note(asked, answer, Sent(is_open, sent_at_s, after_s))
