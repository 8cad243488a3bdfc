"""Changes of clients in an SQLite file. Each is one transaction under the write lock."""

import json
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from rinha.crebitos.clientes import Changed, Listed, NewCliente
from rinha.crebitos.limits import CLIENTE_MAX
from rinha.crebitos.on_sqlite import SqliteLedger

LISTED = "SELECT cliente, nome, limite, saldo, transacoes, fechado FROM clientes"
FIND = f"{LISTED} WHERE cliente IN (SELECT value FROM json_each(?))"  # noqa: S608
AFTER = f"{LISTED} WHERE cliente > ? ORDER BY cliente LIMIT ?"
ADD = "INSERT INTO clientes (cliente, limite, nome) VALUES (?, ?, ?)"
READ = "SELECT limite, saldo, fechado FROM clientes WHERE cliente = ?"
CHANGE_LIMITE = "UPDATE clientes SET limite = ? WHERE cliente = ?"
CLOSE = "UPDATE clientes SET fechado = 1 WHERE cliente = ?"
# Reads the client as it is after the change.
ADD_ALTERACAO = """
    INSERT INTO alteracoes
    SELECT c.cliente,
           1 + ifnull((SELECT max(a.numero) FROM alteracoes AS a WHERE a.cliente = c.cliente), 0),
           ?, ?, c.limite, c.transacoes, ?
    FROM clientes AS c WHERE c.cliente = ?
"""


class SqliteClientes:
    def __init__(self, ledger: SqliteLedger) -> None:
        # No instance would see a change of a moved ledger.
        ledger.engine.assert_not_moved()
        ledger.engine.assert_newest_version()
        self._engine = ledger.engine
        self._execute = ledger.engine.execute

    def adding_many(self) -> AbstractContextManager[None]:
        return self._engine.serving()

    def find(self, clientes: Sequence[int]) -> dict[int, Listed]:
        rows = self._engine.read(FIND, (json.dumps(clientes),))
        return {row[0]: _listed(row) for row in rows}

    def after(self, cliente: int, count: int) -> list[Listed]:
        return [_listed(row) for row in self._engine.read(AFTER, (cliente, count))]

    def add(self, new: Sequence[NewCliente]) -> bool:
        began_at = time.monotonic()
        with self._engine.writing:
            ids = json.dumps([each.cliente for each in new])
            if self._execute(FIND, (ids,)).fetchone():
                return False
            self._add(new)
        # The lock is not fair: the pause lets waiting requests have it.
        time.sleep(time.monotonic() - began_at)
        return True

    def add_next(self, limite: int, nome: str) -> int | None:
        with self._engine.writing:
            cliente = int(self._execute("SELECT ifnull(max(cliente), 0) + 1 FROM clientes").get)
            if cliente > CLIENTE_MAX:
                return None
            self._add([NewCliente(cliente, limite, nome)])
        return cliente

    def change_limite(self, cliente: int, limite: int) -> Changed | None:
        with self._engine.writing:
            row = self._execute(READ, (cliente,)).fetchone()
            if row is None:
                return None
            before, saldo, fechado = row
            done = not fechado and saldo >= -limite
            if done:
                self._execute(CHANGE_LIMITE, (limite, cliente))
                self._note(cliente, "limit", before)
        return Changed(before, saldo, bool(fechado), done)

    def close(self, cliente: int) -> Changed | None:
        with self._engine.writing:
            row = self._execute(READ, (cliente,)).fetchone()
            if row is None:
                return None
            limite, saldo, fechado = row
            done = not fechado and saldo >= 0
            if done:
                self._execute(CLOSE, (cliente,))
                self._note(cliente, "close", limite)
        return Changed(limite, saldo, bool(fechado), done)

    def _add(self, new: Sequence[NewCliente]) -> None:
        now_us = time.time_ns() // 1000
        self._engine.connection.executemany(ADD, new)
        self._engine.connection.executemany(
            ADD_ALTERACAO, (("add", each.limite, now_us, each.cliente) for each in new)
        )

    def _note(self, cliente: int, acao: str, limite_before: int) -> None:
        now_us = time.time_ns() // 1000
        self._execute(ADD_ALTERACAO, (acao, limite_before, now_us, cliente))


def _listed(row: Sequence[Any]) -> Listed:
    cliente, nome, limite, saldo, transacoes, fechado = row
    return Listed(cliente, nome, limite, saldo, transacoes, bool(fechado))
