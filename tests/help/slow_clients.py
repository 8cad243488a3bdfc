"""Slow clients that send their requests byte by byte."""

import selectors
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.help.raw_http import get, post

LOOK_EVERY_S = 0.05


class Slowness(NamedTuple):
    """A kind of slow client: bytes sent at once, the byte sent repeatedly, the pause before it."""

    name: str
    at_once: bytes
    byte: bytes
    pause_s: float


HEADERS = Slowness("headers, a byte a second", get()[:-2] + b"X: ", b"y", 1.0)
SILENT = Slowness("a body that never comes", post(b"", length=4000), b"", 60.0)
HALTING = Slowness("a body, a byte every 3 s", post(b"{", length=4000), b" ", 3.0)
STEADY = Slowness("a body, a byte a second", post(b"{", length=4000), b" ", 1.0)


@dataclass
class SlowClient:
    kind: Slowness
    connection: socket.socket
    since_s: float
    next_s: float
    dropped_after_s: float | None = None


@dataclass
class SlowClients:
    """Runs slow clients in the background; a client that was dropped does not reconnect."""

    port: int
    kinds: tuple[Slowness, ...]
    each: int
    clients: list[SlowClient] = field(default_factory=list)

    def __enter__(self) -> "SlowClients":
        self._selector = selectors.DefaultSelector()
        self._stop = threading.Event()
        for kind in self.kinds:
            for _ in range(self.each):
                connection = socket.create_connection(("127.0.0.1", self.port))
                connection.sendall(kind.at_once)
                connection.setblocking(False)
                now = time.monotonic()
                client = SlowClient(kind, connection, now, now + kind.pause_s)
                self.clients.append(client)
                self._selector.register(connection, selectors.EVENT_READ, client)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        for client in self.clients:
            client.connection.close()

    def dropped_after_s(self, kind: Slowness) -> list[float]:
        """Returns how long each dropped client of this kind was connected."""
        times = [each.dropped_after_s for each in self.clients if each.kind is kind]
        return [after_s for after_s in times if after_s is not None]

    def _run(self) -> None:
        while not self._stop.is_set():
            for key, _ in self._selector.select(LOOK_EVERY_S):
                self._drop(key.data)
            now = time.monotonic()
            for client in self.clients:
                if client.dropped_after_s is None and client.next_s <= now:
                    client.next_s = now + client.kind.pause_s
                    self._send(client)

    def _drop(self, client: SlowClient) -> None:
        """Records a client as dropped. An answer counts too, as the request is incomplete."""
        self._selector.unregister(client.connection)
        client.dropped_after_s = time.monotonic() - client.since_s
        client.connection.close()

    def _send(self, client: SlowClient) -> None:
        try:
            client.connection.send(client.kind.byte)
        except OSError:
            self._drop(client)
