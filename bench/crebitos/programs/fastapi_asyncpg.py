"""FastAPI with PostgreSQL through asyncpg, as their guides use it."""

from datetime import UTC, datetime

from fastapi import HTTPException, Response

from bench.crebitos.programs.fastapi_transacao import Transacao
from bench.parts.asyncpg_pool import with_pool
from bench.parts.fastapi_app import as_json, new_app, serve

# One round trip in each case: no row means an unknown client, an empty row a refused debit.
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

app = new_app(with_pool)


@app.post("/clientes/{cliente}/transacoes")
async def transact(cliente: int, transacao: Transacao) -> Response:
    valor, tipo = transacao.valor, transacao.tipo
    change = valor if tipo == "c" else -valor
    values = (cliente, change, valor, tipo, transacao.descricao)
    row = await app.state.pool.fetchrow(TRANSACT, *values)
    if row is None:
        raise HTTPException(404)
    if row["limite"] is None:
        raise HTTPException(422)
    return as_json({"limite": row["limite"], "saldo": row["saldo"]})


@app.get("/clientes/{cliente}/extrato")
async def extrato(cliente: int) -> Response:
    rows = await app.state.pool.fetch(EXTRATO, cliente)
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
    return as_json({"saldo": saldo, "ultimas_transacoes": ultimas})


def _utc(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%S.%f}Z"


if __name__ == "__main__":
    serve(app)
