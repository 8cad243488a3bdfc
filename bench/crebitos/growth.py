"""Ledgers with many rows, filled by SQL in seconds with the rows that the service would write."""

from pathlib import Path

import apsw

from bench.parts.prefilled import prefill
from rinha.crebitos.on_sqlite import SqliteLedger

TRANSACOES = 10_000_000
CLIENTES = 1_000_000
FIRST_CLIENTES = 5
LIMITE = 100_000
# A credit, then a debit of the same amount: every balance is 0, and the audit finds no problem.
ADD_TRANSACOES = """
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?2)
    INSERT INTO transacoes (cliente, sequencia, valor, tipo, descricao, realizada_em_us)
    SELECT ?1, n, 1 + (n - 1) / 2 % 10000, iif(n % 2, 'c', 'd'), hex(randomblob(5)),
           1700000000000000 + n * 3000
    FROM numbers
"""
ADD_CLIENTES = """
    WITH RECURSIVE numbers (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?2)
    INSERT INTO clientes (cliente, limite) SELECT n, ?3 FROM numbers
"""


def make_ledger(file: Path, *, transacoes: int, clientes: int) -> None:
    def fill(connection: apsw.Connection) -> None:
        if clientes > FIRST_CLIENTES:
            connection.execute(ADD_CLIENTES, (FIRST_CLIENTES + 1, clientes, LIMITE))
        each = transacoes // FIRST_CLIENTES // 2 * 2
        for cliente in range(1, FIRST_CLIENTES + 1) if each else ():
            connection.execute(ADD_TRANSACOES, (cliente, each))
            update = "UPDATE clientes SET transacoes = ? WHERE cliente = ?"
            connection.execute(update, (each, cliente))

    prefill(file, SqliteLedger, fill)
