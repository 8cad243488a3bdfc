"""FastAPI with Redis as its store: the balance rule is a Lua script, which Redis runs alone."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from fastapi import FastAPI, HTTPException, Response
from redis.asyncio import Redis

from bench.crebitos.programs.fastapi_transacao import Transacao
from bench.parts.fastapi_app import as_json, new_app, serve

LIMITES = {1: 100_000, 2: 80_000, 3: 1_000_000, 4: 10_000_000, 5: 500_000}
# All of a client in two keys: its limit and balance, and its transactions, the newest first.
TRANSACT = """
    local limite = tonumber(redis.call('HGET', KEYS[1], 'limite'))
    if not limite then return {-1, 0} end
    local saldo = tonumber(redis.call('HGET', KEYS[1], 'saldo')) + ARGV[1]
    if saldo < -limite then return {-2, 0} end
    redis.call('HSET', KEYS[1], 'saldo', string.format('%.0f', saldo))
    redis.call('LPUSH', KEYS[2], ARGV[2])
    return {limite, saldo}
"""
EXTRATO = """
    return {redis.call('HMGET', KEYS[1], 'limite', 'saldo'), redis.call('LRANGE', KEYS[2], 0, 9)}
"""


@asynccontextmanager
async def with_redis(app: FastAPI) -> AsyncIterator[None]:
    """Connects while the application runs, and adds the clients of a new store."""
    async with Redis(unix_socket_path=os.environ["REDIS_SOCKET"], decode_responses=True) as redis:
        for cliente, limite in LIMITES.items():
            await redis.hsetnx(f"cliente:{cliente}", "limite", str(limite))
            await redis.hsetnx(f"cliente:{cliente}", "saldo", "0")
        app.state.transact = redis.register_script(TRANSACT)
        app.state.extrato = redis.register_script(EXTRATO)
        yield


app = new_app(with_redis)


def keys_of(cliente: int) -> list[str]:
    return [f"cliente:{cliente}", f"transacoes:{cliente}"]


@app.post("/clientes/{cliente}/transacoes")
async def transact(cliente: int, transacao: Transacao) -> Response:
    change = transacao.valor if transacao.tipo == "c" else -transacao.valor
    stored = json.dumps({**transacao.model_dump(), "realizada_em": _now()})
    limite, saldo = await app.state.transact(keys=keys_of(cliente), args=[change, stored])
    if limite < 0:
        raise HTTPException(404 if limite == -1 else 422)
    return as_json({"limite": limite, "saldo": saldo})


@app.get("/clientes/{cliente}/extrato")
async def extrato(cliente: int) -> Response:
    (limite, total), ultimas = await app.state.extrato(keys=keys_of(cliente))
    if limite is None:
        raise HTTPException(404)
    saldo = {"total": int(total), "data_extrato": _now(), "limite": int(limite)}
    return as_json({"saldo": saldo, "ultimas_transacoes": [json.loads(one) for one in ultimas]})


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


if __name__ == "__main__":
    serve(app)
