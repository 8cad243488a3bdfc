"""Group commit: the end of an answer waits until its commit is durable.

bjoern reads all requests that have arrived before it writes the first answer. It asks for the
second half of an answer as it writes, so one sync serves all answers that wait. If the sync fails,
the answer breaks off and its connection is closed, which no client can take for an answer.
"""

from collections.abc import Iterator

import falcon

from rinha.store import Sync


def answer(resp: falcon.Response, body: bytes, sync: Sync | None) -> None:
    """Sets the body of an answer about a commit, which `sync` makes durable if it is not yet."""
    if sync is None:
        resp.data = body
    else:
        resp.stream = until_durable(body, sync)
        resp.content_length = len(body)


def until_durable(body: bytes, sync: Sync) -> Iterator[bytes]:
    # An answer of one byte is delayed whole: its first half is empty, and bjoern waits for a first
    # byte.
    half = len(body) // 2
    yield body[:half]
    sync()
    yield body[half:]
