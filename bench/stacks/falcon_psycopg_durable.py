"""This service's tables on PostgreSQL by psycopg as its guides write it, beside our own engine."""

import os
import sys
import time
from pathlib import Path

import psycopg

from bench.parts.behind_nginx import behind_nginx
from bench.parts.postgres import DURABLE, database
from bench.parts.stack import Part, Share, Stack
from bench.plan import CAPACITY_14, CAPACITY_64
from bench.stacks import falcon_psycopg
from rinha.crebitos.ledger import LimiteExceededError, UnknownClienteError
from rinha.crebitos.messages import Resultado, Transacao
from rinha.crebitos.routes import add_routes
from rinha.http import create_app
from rinha.server import Instance

SHARES = (Share(0.24, 50), Share(0.32, 100))
TRANSACT = """
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


class PostgresLedger(falcon_psycopg.PostgresLedger):
    EXTRATO = """
        SELECT c.limite, c.saldo, t.valor, t.tipo, t.descricao, t.realizada_em_us
        FROM clientes AS c LEFT JOIN LATERAL (
            SELECT * FROM transacoes WHERE cliente = c.cliente ORDER BY sequencia DESC LIMIT 10
        ) AS t ON true
        WHERE c.cliente = %s ORDER BY t.sequencia DESC
    """

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
        row = self.connection.execute(TRANSACT, bindings).fetchone()
        if row is None:
            raise UnknownClienteError(f"there is no client {cliente}")
        if row[0] is None:
            raise LimiteExceededError("the debit would take the balance below its limit")
        return Resultado(*row)


def parts(folder: Path, port: int) -> list[Part]:
    where = folder / "postgres"
    # Ours makes its tables.
    made = f"{sys.executable} -m rinha init && exec {sys.executable} -m {__name__} {where}"
    ledger = {"RINHA_LEDGER": f"postgresql://postgres@/postgres?host={where}"}
    return [
        database(folder, Share(0.62, 300), "", DURABLE),
        *behind_nginx(folder, port, ["sh", "-c", made], ledger, SHARES),
    ]


STACK = Stack(
    "Falcon, psycopg 3, the same tables",
    parts,
    (CAPACITY_14, CAPACITY_64),
    data="postgres/base/*/*",
)

if __name__ == "__main__":
    conninfo = psycopg.conninfo.make_conninfo(host=sys.argv[1], user="postgres", dbname="postgres")
    app = create_app(PostgresLedger(conninfo), add_routes, reset=False)
    Instance(app, os.environ["RINHA_LISTEN"]).run()
