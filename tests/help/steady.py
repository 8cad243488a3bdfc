"""Requests at a steady rate in the background, with what became of each."""

import contextlib
import http.client
import itertools
import random
import threading
import time
from abc import abstractmethod
from typing import Any, Generic, Self, TypeVar

from tests.help.running import Answer, Client

CONNECTIONS = 16

Asked = TypeVar("Asked")


class Steady(Generic[Asked]):
    """`with ...(port, 340, seed) as load: ...`, then look at outcomes."""

    def __init__(self, port: int, rate: float, seed: int) -> None:
        print(f"seed {seed}")
        self._port = port
        self._rate = rate
        self._random = random.Random(seed)
        self._next_due = time.monotonic()
        # Names that no other has.
        self._names = map(str, itertools.count())
        self._turn = threading.Lock()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._drive) for _ in range(CONNECTIONS)]
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
        """What is asked next."""

    @abstractmethod
    def _ask(self, client: Client, asked: Asked) -> Answer: ...

    @abstractmethod
    def _note(
        self, asked: Asked, answer: Answer, *, is_open: bool, sent_at_s: float, after_s: float
    ) -> None:
        """Where it is open nobody knows whether it was done; status 0 is no answer."""

    def _drive(self) -> None:
        client = Client(self._port)
        while not self._stop.is_set():
            with self._turn:
                self._next_due += 1 / self._rate
                due, asked = self._next_due, self._draw()
            time.sleep(max(0.0, due - time.monotonic()))
            sent_at_s = time.monotonic()
            answer = Answer(0, b"", {})
            with contextlib.suppress(OSError, http.client.HTTPException):
                answer = self._ask(client, asked)
            after_s = time.monotonic() - sent_at_s
            is_open = answer.status == 0 or b"before a retry" in answer.body
            self._note(asked, answer, is_open=is_open, sent_at_s=sent_at_s, after_s=after_s)
        client.close()
