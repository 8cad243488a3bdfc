"""FastAPI on uvicorn with PostgreSQL through asyncpg, and a trigram index for the search: as its
guides write it, with every fast part there is."""

import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import uvicorn
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, BaseModel, Field, StrictStr

from bench.parts.behind_nginx import behind_nginx
from bench.parts.postgres import database
from bench.parts.stack import Part, Share, Stack
from bench.people.plan import WORKS

# More connections than that only wait for each other in the database's share of CPU.
POOL_CONNECTIONS = 8
ROWS = 50
# One statement each: a line is a command to the server that runs alone.
SCHEMA = """\
CREATE EXTENSION pg_trgm;
CREATE TABLE pessoas (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), apelido varchar(32) NOT NULL UNIQUE, nome varchar(100) NOT NULL, nascimento date NOT NULL, stack varchar(32)[], busca text NOT NULL);
CREATE INDEX ON pessoas USING gin (busca gin_trgm_ops);
"""  # noqa: E501
DATABASE = {"shared_buffers": "512MB", "work_mem": "16MB"}
ADD = """
    INSERT INTO pessoas (apelido, nome, nascimento, stack, busca) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (apelido) DO NOTHING RETURNING id
"""
FIND = "SELECT id, apelido, nome, nascimento, stack FROM pessoas WHERE id = $1"
SEARCH = f"""
    SELECT id, apelido, nome, nascimento, stack FROM pessoas WHERE busca LIKE $1 LIMIT {ROWS}
"""  # noqa: S608 - the only thing put in is our own number
Element = Annotated[StrictStr, Field(max_length=32)]


class Pessoa(BaseModel):
    apelido: Annotated[StrictStr, Field(max_length=32)]
    nome: Annotated[StrictStr, Field(max_length=100)]
    nascimento: Annotated[
        StrictStr, Field(pattern=r"^\d{4}-\d{2}-\d{2}$"), AfterValidator(date.fromisoformat)
    ]
    stack: list[Element] | None = None


def create_app(database_folder: str) -> FastAPI:
    pool: Any = None

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        nonlocal pool
        async with asyncpg.create_pool(
            host=database_folder,
            user="postgres",
            database="postgres",
            min_size=POOL_CONNECTIONS,
            max_size=POOL_CONNECTIONS,
        ) as pool:
            yield

    # The proxy passes no headers on, so no content type either.
    app = FastAPI(lifespan=lifespan, openapi_url=None, strict_content_type=False)

    @app.exception_handler(RequestValidationError)
    async def refuse(_request: Request, _error: RequestValidationError) -> Response:
        return Response(status_code=422)

    @app.post("/pessoas")
    async def add(pessoa: Pessoa) -> Response:
        words = "\n".join((pessoa.apelido, pessoa.nome, *(pessoa.stack or ()))).lower()
        row = (pessoa.apelido, pessoa.nome, pessoa.nascimento, pessoa.stack, words)
        id_ = await pool.fetchval(ADD, *row)
        if id_ is None:
            raise HTTPException(422)
        return Response(status_code=201, headers={"Location": f"/pessoas/{id_}"})

    @app.get("/pessoas/{id_}")
    async def find(id_: UUID) -> Response:
        row = await pool.fetchrow(FIND, id_)
        if row is None:
            raise HTTPException(404)
        return _as_json(_shown(row))

    @app.get("/pessoas")
    async def search(t: str = "") -> Response:
        if not t:
            raise HTTPException(400)
        escaped = t.lower().replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
        rows = await pool.fetch(SEARCH, f"%{escaped}%")
        return _as_json([_shown(row) for row in rows])

    @app.get("/contagem-pessoas")
    async def count() -> Response:
        return Response(str(await pool.fetchval("SELECT count(*) FROM pessoas")))

    return app


def _shown(row: Any) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "apelido": row["apelido"],
        "nome": row["nome"],
        "nascimento": row["nascimento"].isoformat(),
        "stack": row["stack"],
    }


def _as_json(content: object) -> Response:
    """Straight to bytes: a response model would check once more what was just made."""
    return Response(json.dumps(content).encode(), media_type="application/json")


def parts(folder: Path, port: int) -> list[Part]:
    command = [sys.executable, "-m", __name__, str(folder / "postgres")]
    nginx, instance = Share(0.2, 300), Share(0.4, 400)
    behind = behind_nginx(
        folder, port, command, {"RINHA_EDITION": "pessoas"}, shares=(nginx, instance)
    )
    return [database(folder, Share(0.5, 1900), SCHEMA, DATABASE), *behind]


STACK = Stack(
    "FastAPI, asyncpg, PostgreSQL with pg_trgm",
    parts,
    WORKS,
    data="postgres/base/*/*",
    hello="/contagem-pessoas",
)

if __name__ == "__main__":
    uvicorn.run(
        create_app(sys.argv[1]),
        uds=os.environ["RINHA_LISTEN"].removeprefix("unix:"),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
