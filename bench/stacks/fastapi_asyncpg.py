"""FastAPI on uvicorn with PostgreSQL through asyncpg, as its guides write it and with every fast
part there is: uvloop, httptools, a pool."""

import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import asyncpg
import uvicorn
from fastapi import FastAPI, HTTPException, Response
from pydantic import BaseModel, Field, StrictInt

from bench.parts.behind_nginx import behind_nginx
from bench.parts.postgres import database
from bench.parts.stack import Part, Share, Stack

# More connections than that only wait for each other in the database's share of CPU.
POOL_CONNECTIONS = 8
# One round trip, refused or not: no row is an unknown client, an empty one is a debit too much.
TRANSACT = """
    WITH moved AS (
        UPDATE clientes SET saldo = saldo + $2 WHERE id = $1 AND saldo + $2 >= -limite
        RETURNING id, limite, saldo
    ), noted AS (
        INSERT INTO transacoes (cliente_id, valor, tipo, descricao)
        SELECT id, $3, $4, $5 FROM moved
    )
    SELECT moved.limite, moved.saldo FROM clientes LEFT JOIN moved USING (id) WHERE clientes.id = $1
"""
EXTRATO = """
    SELECT c.limite, c.saldo, t.valor, t.tipo, t.descricao, t.realizada_em
    FROM clientes AS c LEFT JOIN LATERAL (
        SELECT * FROM transacoes WHERE cliente_id = c.id ORDER BY id DESC LIMIT 10
    ) AS t ON true
    WHERE c.id = $1 ORDER BY t.id DESC
"""


class Transacao(BaseModel):
    valor: Annotated[StrictInt, Field(gt=0, lt=2**53)]
    tipo: Literal["c", "d"]
    descricao: Annotated[str, Field(min_length=1, max_length=10)]


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

    @app.post("/clientes/{cliente}/transacoes")
    async def transact(cliente: int, transacao: Transacao) -> Response:
        valor, tipo = transacao.valor, transacao.tipo
        change = valor if tipo == "c" else -valor
        row = await pool.fetchrow(TRANSACT, cliente, change, valor, tipo, transacao.descricao)
        if row is None:
            raise HTTPException(404)
        if row["limite"] is None:
            raise HTTPException(422)
        return _as_json({"limite": row["limite"], "saldo": row["saldo"]})

    @app.get("/clientes/{cliente}/extrato")
    async def extrato(cliente: int) -> Response:
        rows = await pool.fetch(EXTRATO, cliente)
        if not rows:
            raise HTTPException(404)
        limite, total = rows[0]["limite"], rows[0]["saldo"]
        saldo = {"total": total, "data_extrato": _utc(datetime.now(UTC)), "limite": limite}
        ultimas = [
            {
                "valor": row["valor"],
                "tipo": row["tipo"],
                "descricao": row["descricao"],
                "realizada_em": _utc(row["realizada_em"]),
            }
            for row in rows
            if row["valor"] is not None
        ]
        return _as_json({"saldo": saldo, "ultimas_transacoes": ultimas})

    return app


def _as_json(content: object) -> Response:
    """Straight to bytes: a response model would check once more what was just made."""
    return Response(json.dumps(content).encode(), media_type="application/json")


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z"


def parts(folder: Path, port: int) -> list[Part]:
    command = [sys.executable, "-m", __name__, str(folder / "postgres")]
    return [
        database(folder, Share(0.5, 250)),
        *behind_nginx(folder, port, command, shares=(Share(0.16, 50), Share(0.42, 125))),
    ]


STACK = Stack("FastAPI, asyncpg, PostgreSQL", parts, data="postgres/base/*/*")

if __name__ == "__main__":
    uvicorn.run(
        create_app(sys.argv[1]),
        uds=os.environ["RINHA_LISTEN"].removeprefix("unix:"),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
