"""Holds back the end of an answer until what it says is safe from a power cut.

bjoern reads all requests that are there before it writes the first answer. What is held back it
asks for as it writes: one sync then serves all answers that wait. If the sync fails, the answer
breaks off and its connection is closed, which no client can take for an answer.
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
    # An answer too short to be halved is held back whole: bjoern waits for its first byte.
    half = len(body) // 2
    yield body[:half]
    safety.make_safe(commit)
    yield body[half:]
