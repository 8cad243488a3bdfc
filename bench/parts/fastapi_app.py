"""FastAPI on uvicorn with uvloop and httptools."""

import json
import os
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import uvicorn
from fastapi import FastAPI, Response


def new_app(with_store: Callable[[FastAPI], AbstractAsyncContextManager[None]]) -> FastAPI:
    """Returns an application that is connected to its store while it runs."""
    # nginx.conf passes no headers on, so no content type either.
    return FastAPI(lifespan=with_store, openapi_url=None, strict_content_type=False)


def as_json(content: object) -> Response:
    """Encodes directly: a response model would validate what the handler has just made."""
    return Response(json.dumps(content).encode(), media_type="application/json")


def serve(app: FastAPI) -> None:
    uvicorn.run(
        app,
        uds=os.environ["RINHA_LISTEN"].removeprefix("unix:"),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
