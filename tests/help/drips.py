"""Slow clients that send their requests byte by byte."""

import selectors
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.help.raw import get, post

LOOK_EVERY_S = 0.05


class Way(NamedTuple):
    """A kind of slow client: bytes sent at once, the byte sent repeatedly, the pause before it."""

    name: str
    at_once: bytes
    byte: bytes
    pause_s: float


HEADERS = Way("headers, a byte a second", get()[:-2] + b"X: ", b"y", 1.0)
SILENT = Way("a body that never comes", post(b"", length=4000), b"", 60.0)
HALTING = Way("a body, a byte every 3 s", post(b"{", length=4000), b" ", 3.0)
STEADY = Way("a body, a byte a second", post(b"{", length=4000), b" ", 1.0)


@dataclass
class Dripper:
    way: Way
    connection: socket.socket
    since_s: float
    next_s: float
    dropped_after_s: float | None = None


@dataclass
class Drips:
    """Runs slow clients in the background; a client that was dropped does not reconnect."""

    port: int
    ways: tuple[Way, ...]
    each: int
    drippers: list[Dripper] = field(default_factory=list)

    def __enter__(self) -> "Drips":
        self._selector = selectors.DefaultSelector()
        self._stop = threading.Event()
        for way in self.ways:
            for _ in range(self.each):
                connection = socket.create_connection(("127.0.0.1", self.port))
                connection.sendall(way.at_once)
                connection.setblocking(False)
                now = time.monotonic()
                dripper = Dripper(way, connection, now, now + way.pause_s)
                self.drippers.append(dripper)
                self._selector.register(connection, selectors.EVENT_READ, dripper)
        self._thread = threading.Thread(target=self._drip)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        for dripper in self.drippers:
            dripper.connection.close()

    def dropped_after_s(self, way: Way) -> list[float]:
        """Returns how long each dropped client of this kind was connected."""
        times = [each.dropped_after_s for each in self.drippers if each.way is way]
        return [after_s for after_s in times if after_s is not None]

    def _drip(self) -> None:
        while not self._stop.is_set():
            for key, _ in self._selector.select(LOOK_EVERY_S):
                self._hear(key.data)
            now = time.monotonic()
            for dripper in self.drippers:
                if dripper.dropped_after_s is None and dripper.next_s <= now:
                    dripper.next_s = now + dripper.way.pause_s
                    self._send(dripper)

    def _hear(self, dripper: Dripper) -> None:
        """Records a client as dropped. An answer counts too, as the request is incomplete."""
        self._selector.unregister(dripper.connection)
        dripper.dropped_after_s = time.monotonic() - dripper.since_s
        dripper.connection.close()

    def _send(self, dripper: Dripper) -> None:
        try:
            dripper.connection.send(dripper.way.byte)
        except OSError:
            self._hear(dripper)
