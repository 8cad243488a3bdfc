"""Delays the end of an answer until its commit is durable.

bjoern reads all requests that have arrived before it writes the first answer. It asks for the
second half of an answer as it writes, so one sync serves all answers that wait. If the sync fails,
the answer breaks off and its connection is closed, which no client can take for an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rinha.store import Safety

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def held(application: WSGIApplication, safety: Safety) -> WSGIApplication:
    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        before = safety.committed
        body = application(environ, start_response)
        if safety.committed == before:
            return body
        return _until_safe(b"".join(body), safety, safety.committed)

    return answer


def _until_safe(body: bytes, safety: Safety, commit: int) -> Iterator[bytes]:
    # An answer of one byte is delayed whole: its first half is empty, and bjoern waits for a first
    # byte.
    half = len(body) // 2
    yield body[:half]
    safety.make_safe(commit)
    yield body[half:]
