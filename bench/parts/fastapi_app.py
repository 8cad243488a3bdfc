"""FastAPI with a pool of asyncpg connections, on uvicorn with uvloop and httptools."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import uvicorn
from fastapi import FastAPI, Response

# More connections only wait for each other within the database's share of CPU.
POOL_CONNECTIONS = 8


@asynccontextmanager
async def _with_pool(app: FastAPI) -> AsyncIterator[None]:
    """Connects to the database that PGHOST names, while the application runs."""
    sizes = {"min_size": POOL_CONNECTIONS, "max_size": POOL_CONNECTIONS}
    async with asyncpg.create_pool(**sizes) as app.state.pool:
        yield


# nginx.conf passes no headers on, so no content type either.
app = FastAPI(lifespan=_with_pool, openapi_url=None, strict_content_type=False)


def as_json(content: object) -> Response:
    """Encodes directly: a response model would validate what the handler has just made."""
    return Response(json.dumps(content).encode(), media_type="application/json")


def serve() -> None:
    uvicorn.run(
        app,
        uds=os.environ["RINHA_LISTEN"].removeprefix("unix:"),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
