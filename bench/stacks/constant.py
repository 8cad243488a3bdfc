"""The ceiling: the same nginx and bjoern with one answer for everything, and nothing behind it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from bench.parts.behind_nginx import behind_nginx
from bench.parts.stack import Part, Stack
from bench.plan import EVERYTHING
from rinha.server import Instance

if TYPE_CHECKING:
    from pathlib import Path

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ANSWER = b'{"limite":100000,"saldo":-9098}'
HEADERS = [("Content-Type", "application/json"), ("Content-Length", str(len(ANSWER)))]


def answer(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    # As every real one must: what is not read may be read as the next request.
    environ["wsgi.input"].read()
    start_response("200 OK", HEADERS)
    return [ANSWER]


def parts(folder: Path, port: int) -> list[Part]:
    return behind_nginx(folder, port, [sys.executable, "-m", __name__])


STACK = Stack("constant answer", parts, EVERYTHING, quick=True)

if __name__ == "__main__":
    Instance(answer, os.environ["RINHA_LISTEN"]).run()
