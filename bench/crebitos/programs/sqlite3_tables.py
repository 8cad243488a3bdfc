"""Tables and statements of the contenders on the sqlite3 of the standard library."""

import sqlite3

SCHEMA = """
    BEGIN IMMEDIATE;
    CREATE TABLE IF NOT EXISTS clientes (
        id INTEGER PRIMARY KEY, limite INTEGER NOT NULL, saldo INTEGER NOT NULL DEFAULT 0
    );
    CREATE TABLE IF NOT EXISTS transacoes (
        id INTEGER PRIMARY KEY, cliente_id INTEGER NOT NULL, valor INTEGER NOT NULL,
        tipo TEXT NOT NULL, descricao TEXT NOT NULL, realizada_em_us INTEGER NOT NULL
    );
    CREATE INDEX IF NOT EXISTS extratos ON transacoes (cliente_id, id DESC);
    INSERT OR IGNORE INTO clientes (id, limite) VALUES
        (1, 100000), (2, 80000), (3, 1000000), (4, 10000000), (5, 500000);
    COMMIT;
"""
FIND = "SELECT limite, saldo FROM clientes WHERE id = ?"
MOVE = "UPDATE clientes SET saldo = ? WHERE id = ?"
ADD = """
    INSERT INTO transacoes (cliente_id, valor, tipo, descricao, realizada_em_us)
    VALUES (?, ?, ?, ?, ?)
"""
EXTRATO = """
    SELECT c.limite, c.saldo, t.valor, t.tipo, t.descricao, t.realizada_em_us
    FROM clientes AS c LEFT JOIN transacoes AS t ON t.cliente_id = c.id
    WHERE c.id = ? ORDER BY t.id DESC LIMIT 10
"""
BUSY_TIMEOUT_S = 5.0


def connect(file: str) -> sqlite3.Connection:
    """Opens the ledger, and makes its tables if they are missing; commits wait for no disk."""
    connection = sqlite3.connect(file, timeout=BUSY_TIMEOUT_S, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.executescript(SCHEMA)
    return connection
