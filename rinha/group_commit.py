"""Delays each answer given within a group of requests until the group is committed.

bjoern reads all requests that have arrived before it writes the first answer. It asks for the
second half of an answer after it wrote the first, so the first answer that is written commits the
group for all. If the commit fails, the answers break off and their connections are closed, which no
client can take for an answer.
"""

import signal
import threading
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rinha.errors import RinhaError
from rinha.logs import log
from rinha.settings import GROUP_CHECK_EVERY_S
from rinha.store import Engine, Group

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class GroupCommit:
    """The application, whose answers end after the commit of their group."""

    def __init__(self, application: "WSGIApplication", engine: Engine) -> None:
        self._application = application
        self._engine = engine
        # Held while a request or a commit runs: the engine is used by one thread at a time.
        self._turn = threading.Lock()
        if engine.group_requests():
            threading.Thread(target=self._end_old_groups, name="groups", daemon=True).start()

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        with self._turn:
            body = self._application(environ, start_response)
            group = self._engine.group
        return body if group is None else self._after_commit(b"".join(body), group)

    def _after_commit(self, body: bytes, group: Group) -> Iterator[bytes]:
        # An answer of one byte is delayed whole: its first half is empty, and bjoern waits for a
        # first byte.
        half = len(body) // 2
        try:
            yield body[:half]
            # With each byte more bjoern also reads the requests that have arrived meanwhile.
            while half < len(body) - 1 and group.pause():
                half += 1
                yield body[half - 1 : half]
        except GeneratorExit:
            # The client is gone. The others wait for the group all the same.
            self._end_unread(group)
            raise
        with self._turn:
            group.end()
        yield body[half:]

    def _end_old_groups(self) -> None:
        """Ends a group that no answer ends, because no client of it reads: it holds the lock."""
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        seen: Group | None = None
        while True:
            time.sleep(GROUP_CHECK_EVERY_S)
            group = self._engine.group
            if group is not None and group is seen:
                self._end_unread(group)
            seen = group

    def _end_unread(self, group: Group) -> None:
        """Ends a group where no client may be left to whom its error could be told."""
        try:
            with self._turn:
                group.end()
        except RinhaError as error:
            log.error("store unavailable", exc_info=error)
