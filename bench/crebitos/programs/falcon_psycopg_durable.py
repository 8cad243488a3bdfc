"""The tables of this service's PostgreSQL engine, through psycopg as its guides use it."""

from bench.crebitos.programs.falcon_psycopg import PostgresLedger, serve


class DurableLedger(PostgresLedger):
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
    EXTRATO = """
        SELECT c.limite, c.saldo, t.valor, t.tipo, t.descricao, t.realizada_em_us
        FROM clientes AS c LEFT JOIN LATERAL (
            SELECT * FROM transacoes WHERE cliente = c.cliente ORDER BY sequencia DESC LIMIT 10
        ) AS t ON true
        WHERE c.cliente = %s ORDER BY t.sequencia DESC
    """


if __name__ == "__main__":
    serve(DurableLedger())
