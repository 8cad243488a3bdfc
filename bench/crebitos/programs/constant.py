"""The ceiling: bjoern with one answer for every request and no ledger."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rinha.server import Instance

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ANSWER = b'{"limite":100000,"saldo":-9098}'
HEADERS = [("Content-Type", "application/json"), ("Content-Length", str(len(ANSWER)))]


def answer(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    # Every service must read the body: an unread one may be parsed as the next request.
    environ["wsgi.input"].read()
    start_response("200 OK", HEADERS)
    return [ANSWER]


if __name__ == "__main__":
    Instance(answer, os.environ["RINHA_LISTEN"]).run()
