"""This service with the usual ledger: the sqlite3 of the standard library and `busy_timeout`."""

import os
import sqlite3
import time

from rinha.crebitos.ledger import LimiteExceededError, UnknownClienteError
from rinha.crebitos.messages import Extrato, Resultado, Transacao, extrato_of
from rinha.crebitos.routes import add_routes
from rinha.http import create_app
from rinha.server import Instance

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
EXTRATO = """
    SELECT c.limite, c.saldo, t.valor, t.tipo, t.descricao, t.realizada_em_us
    FROM clientes AS c LEFT JOIN transacoes AS t ON t.cliente_id = c.id
    WHERE c.id = ? ORDER BY t.id DESC LIMIT 10
"""
BUSY_TIMEOUT_S = 5.0


class Sqlite3Ledger:
    """A ledger for the routes."""

    def __init__(self, file: str) -> None:
        self._connection = sqlite3.connect(file, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        self._execute = self._connection.execute
        self._execute("PRAGMA journal_mode = WAL")
        self._execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(SCHEMA)

    def transact(self, cliente: int, transacao: Transacao) -> Resultado:
        valor, tipo = transacao.valor, transacao.tipo
        self._execute("BEGIN IMMEDIATE")
        try:
            row = self._execute(
                "SELECT limite, saldo FROM clientes WHERE id = ?", (cliente,)
            ).fetchone()
            if row is None:
                raise UnknownClienteError(f"there is no client {cliente}")
            limite, saldo = row[0], row[1] + (valor if tipo == "c" else -valor)
            if saldo < -limite:
                raise LimiteExceededError("the debit would take the balance below its limit")
            self._execute("UPDATE clientes SET saldo = ? WHERE id = ?", (saldo, cliente))
            self._execute(
                "INSERT INTO transacoes (cliente_id, valor, tipo, descricao, realizada_em_us)"
                " VALUES (?, ?, ?, ?, ?)",
                (cliente, valor, tipo, transacao.descricao, time.time_ns() // 1000),
            )
            self._execute("COMMIT")
        except BaseException:
            self._execute("ROLLBACK")
            raise
        return Resultado(limite, saldo)

    def transact_once(self, cliente: int, transacao: Transacao, chave: str) -> Resultado:
        raise NotImplementedError("no load that compares ledgers sends keys")

    def extrato(self, cliente: int) -> Extrato:
        rows = self._execute(EXTRATO, (cliente,)).fetchall()
        if not rows:
            raise UnknownClienteError(f"there is no client {cliente}")
        limite, saldo, valor = rows[0][:3]
        return extrato_of(limite, saldo, [row[2:] for row in rows] if valor is not None else [])

    def assert_readable(self) -> None:
        self._execute("SELECT 1 FROM clientes")

    def reset(self) -> None:
        self._execute("UPDATE clientes SET saldo = 0")
        self._execute("DELETE FROM transacoes")


if __name__ == "__main__":
    ledger = Sqlite3Ledger(os.environ["RINHA_LEDGER"])
    Instance(create_app(ledger, add_routes, reset=False), os.environ["RINHA_LISTEN"]).run()
