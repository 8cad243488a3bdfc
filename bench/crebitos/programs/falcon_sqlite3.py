"""This service with the usual ledger: the sqlite3 of the standard library and `busy_timeout`."""

import os
import time

from bench.crebitos.programs.sqlite3_tables import ADD, EXTRATO, FIND, MOVE, connect
from rinha.crebitos.ledger import LimiteExceededError, UnknownClienteError
from rinha.crebitos.messages import Extrato, Resultado, Transacao, extrato_of
from rinha.crebitos.routes import add_routes
from rinha.http import create_app
from rinha.server import Instance


class Sqlite3Ledger:
    """A ledger for the routes."""

    def __init__(self, file: str) -> None:
        self._connection = connect(file)
        self._execute = self._connection.execute

    def transact(self, cliente: int, transacao: Transacao) -> Resultado:
        valor, tipo = transacao.valor, transacao.tipo
        self._execute("BEGIN IMMEDIATE")
        try:
            row = self._execute(FIND, (cliente,)).fetchone()
            if row is None:
                raise UnknownClienteError(f"there is no client {cliente}")
            limite, saldo = row[0], row[1] + (valor if tipo == "c" else -valor)
            if saldo < -limite:
                raise LimiteExceededError("the debit would take the balance below its limit")
            self._execute(MOVE, (saldo, cliente))
            now_us = time.time_ns() // 1000
            self._execute(ADD, (cliente, valor, tipo, transacao.descricao, now_us))
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
