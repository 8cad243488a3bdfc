"""This service with PostgreSQL through psycopg 3, as its guides use it, in place of its ledger.

With the argument `durable` it uses the tables of this service's own PostgreSQL engine, with
`pooled` no prepared statements: behind PgBouncer each transaction may be on another connection.
"""

import os
import sys
import time

import psycopg

from rinha.crebitos.ledger import LimiteExceededError, UnknownClienteError
from rinha.crebitos.messages import Extrato, Resultado, Transacao, extrato_of
from rinha.crebitos.routes import add_routes
from rinha.http import create_app
from rinha.server import Instance

# One round trip in each case: no row means an unknown client, an empty row a refused debit.
TRANSACT = """
    WITH moved AS (
        UPDATE clientes SET saldo = saldo + %(change)s
        WHERE id = %(cliente)s AND saldo + %(change)s >= -limite
        RETURNING id, limite, saldo
    ), noted AS (
        INSERT INTO transacoes (cliente_id, valor, tipo, descricao)
        SELECT id, %(valor)s, %(tipo)s, %(descricao)s FROM moved
    )
    SELECT moved.limite, moved.saldo
    FROM clientes LEFT JOIN moved USING (id) WHERE clientes.id = %(cliente)s
"""
EXTRATO = """
    SELECT c.limite, c.saldo, t.valor, t.tipo, t.descricao,
           (extract(epoch FROM t.realizada_em) * 1000000)::bigint
    FROM clientes AS c LEFT JOIN LATERAL (
        SELECT * FROM transacoes WHERE cliente_id = c.id ORDER BY id DESC LIMIT 10
    ) AS t ON true
    WHERE c.id = %s ORDER BY t.id DESC
"""

# The same on the tables of this service's engine.
DURABLE_TRANSACT = """
    WITH moved AS (
        UPDATE clientes SET saldo = saldo + %(change)s, transacoes = transacoes + 1
        WHERE cliente = %(cliente)s
          AND saldo + %(change)s BETWEEN -limite AND 9007199254740991
        RETURNING limite, saldo, transacoes
    ), noted AS (
        INSERT INTO transacoes (cliente, sequencia, valor, tipo, descricao, realizada_em_us)
        SELECT %(cliente)s, transacoes, %(valor)s, %(tipo)s, %(descricao)s, %(now)s FROM moved
    )
    SELECT moved.limite, moved.saldo
    FROM clientes LEFT JOIN moved ON true WHERE clientes.cliente = %(cliente)s
"""
DURABLE_EXTRATO = """
    SELECT c.limite, c.saldo, t.valor, t.tipo, t.descricao, t.realizada_em_us
    FROM clientes AS c LEFT JOIN LATERAL (
        SELECT * FROM transacoes WHERE cliente = c.cliente ORDER BY sequencia DESC LIMIT 10
    ) AS t ON true
    WHERE c.cliente = %s ORDER BY t.sequencia DESC
"""


class PostgresLedger:
    """A ledger for the routes: one process, one connection, one request at a time."""

    def __init__(self, transact: str, extrato: str, *, prepare: bool) -> None:
        self._transact, self._extrato = transact, extrato
        threshold = 0 if prepare else None
        self.connection = psycopg.connect(autocommit=True, prepare_threshold=threshold)

    def transact(self, cliente: int, transacao: Transacao) -> Resultado:
        valor, tipo = transacao.valor, transacao.tipo
        bindings = {
            "cliente": cliente,
            "change": valor if tipo == "c" else -valor,
            "valor": valor,
            "tipo": tipo,
            "descricao": transacao.descricao,
            "now": time.time_ns() // 1000,
        }
        row = self.connection.execute(self._transact, bindings).fetchone()
        if row is None:
            raise UnknownClienteError(f"there is no client {cliente}")
        if row[0] is None:
            raise LimiteExceededError("the debit would take the balance below its limit")
        return Resultado(*row)

    def transact_once(self, cliente: int, transacao: Transacao, chave: str) -> Resultado:
        raise NotImplementedError("no load that compares ledgers sends keys")

    def extrato(self, cliente: int) -> Extrato:
        rows = self.connection.execute(self._extrato, (cliente,)).fetchall()
        if not rows:
            raise UnknownClienteError(f"there is no client {cliente}")
        limite, saldo, valor = rows[0][:3]
        return extrato_of(limite, saldo, [row[2:] for row in rows] if valor is not None else [])

    def assert_readable(self) -> None:
        self.connection.execute("SELECT 1")

    def reset(self) -> None:
        self.connection.execute("UPDATE clientes SET saldo = 0")
        self.connection.execute("TRUNCATE transacoes")


if __name__ == "__main__":
    is_durable = sys.argv[1:] == ["durable"]
    statements = (DURABLE_TRANSACT, DURABLE_EXTRATO) if is_durable else (TRANSACT, EXTRATO)
    ledger = PostgresLedger(*statements, prepare=sys.argv[1:] != ["pooled"])
    Instance(create_app(ledger, add_routes, reset=False), os.environ["RINHA_LISTEN"]).run()
