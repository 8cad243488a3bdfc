"""A pool of asyncpg connections for an application of FastAPI."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from fastapi import FastAPI

# More connections only wait for each other within the database's share of CPU.
POOL_CONNECTIONS = 8


@asynccontextmanager
async def with_pool(app: FastAPI) -> AsyncIterator[None]:
    """Connects to the database that PGHOST names, while the application runs."""
    sizes = {"min_size": POOL_CONNECTIONS, "max_size": POOL_CONNECTIONS}
    async with asyncpg.create_pool(**sizes) as app.state.pool:
        yield
