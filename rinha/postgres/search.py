"""Searches for a lost primary in the background, with a thread for each host.

So a host that hangs delays neither the others nor a request, and each has at most one open
connection. A server counts as the primary only once it has proved that it is.
"""

import logging
import signal
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

from rinha.errors import RinhaError
from rinha.logs import log_event
from rinha.postgres.hosts import Host, name_of
from rinha.postgres.limits import LOOK_AGAIN_S
from rinha.postgres.session import LostError, RefusedError, Session
from rinha.store import Meter


class Search:
    def __init__(
        self, hosts: Sequence[Host], meet: Callable[[Host, Callable[[str], object]], Session]
    ) -> None:
        """Starts the threads. `meet` connects to a host, checks it, and asks it for the proof. It
        calls its argument with the reason if it has to wait long."""
        self._meet = meet
        self._changed = threading.Condition()
        self._ended = False
        self._lost_at = time.monotonic()
        self.found: Session | None = None
        # Whether changes are logged, and the meter that counts them.
        self._is_serving = False
        self._meter: Meter | None = None
        # Last error of each host that is not the primary, or what it waits for.
        self.errors: dict[str, str] = {}
        # An error that waiting does not resolve, such as a wrong setting of the server.
        self.verdict: RinhaError | None = None
        for host in hosts:
            threading.Thread(target=self._look, args=(host,), name="search", daemon=True).start()

    def tell_from_now_on(self, meter: Meter | None) -> None:
        with self._changed:
            self._is_serving, self._meter = True, meter
            if meter:
                meter.searching(self.found is None)

    def reasons(self) -> str:
        """Returns why no host is the primary, as far as each has answered."""
        return "; ".join(f"{host}: {text}" for host, text in self.errors.copy().items())

    def wait(self, timeout_s: float) -> Session | None:
        """Returns the primary, or None once the time after the loss is over. An error that waiting
        does not resolve ends the wait."""
        with self._changed:
            left_s = self._lost_at + timeout_s - time.monotonic()
            self._changed.wait_for(lambda: self.found or self.verdict, max(0.0, left_s))
            return self.found

    def drop(self, session: Session, reason: str) -> None:
        session.close()
        if self._is_serving:
            log_event(logging.WARNING, "primary lost", **session.info, reason=reason)
        with self._changed:
            if self.found is session:
                self.found, self._lost_at = None, time.monotonic()
                if self._meter:
                    self._meter.searching(True)
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._ended = True
            if self.found:
                self.found.close()
            self.found = None
            self._changed.notify_all()

    def _look(self, host: Host) -> None:
        # Signals are for the main thread.
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        note = partial(self.errors.__setitem__, name_of(host))
        while self._wait_until_needed():
            try:
                session = self._meet(host, note)
            except (LostError, RefusedError, OSError) as error:
                note(str(error))
            except RinhaError as error:
                note(str(error).removeprefix(f"{name_of(host)}: "))
                self._judge(error)
            else:
                self._offer(session)
                continue
            time.sleep(LOOK_AGAIN_S)

    def _wait_until_needed(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self.found is None or self._ended)
            return not self._ended

    def _offer(self, session: Session) -> None:
        with self._changed:
            if self.found is None and not self._ended:
                self.found, self.verdict = session, None
                self.errors.clear()
                if self._is_serving:
                    log_event(logging.WARNING, "primary found", **session.info)
                if self._meter:
                    self._meter.searching(False)
                    self._meter.reconnected()
                self._changed.notify_all()
            else:
                session.close()

    def _judge(self, error: RinhaError) -> None:
        with self._changed:
            self.verdict = error
            self._changed.notify_all()
