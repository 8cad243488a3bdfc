"""Delays the end of an answer until its commit is durable.

bjoern reads all requests that have arrived before it writes the first answer. It asks for the
second half of an answer as it writes, so one sync serves all answers that wait. If the sync fails,
the answer breaks off and its connection is closed, which no client can take for an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rinha.store import Durability

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def when_durable(application: WSGIApplication, durability: Durability) -> WSGIApplication:
    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        before = durability.committed
        body = application(environ, start_response)
        if durability.committed == before:
            return body
        return _until_durable(b"".join(body), durability, durability.committed)

    return answer


def _until_durable(body: bytes, durability: Durability, commit: int) -> Iterator[bytes]:
    # An answer of one byte is delayed whole: its first half is empty, and bjoern waits for a first
    # byte.
    half = len(body) // 2
    yield body[:half]
    durability.make_durable(commit)
    yield body[half:]
