"""Ledger on SQLite: the balance rule, and all SQL of this edition for that engine."""

import time
from collections.abc import Iterator
from importlib.resources import files

from rinha.crebitos.audit import Audit, ClienteAudit
from rinha.crebitos.ledger import TABLES, LimiteExceededError, UnknownClienteError
from rinha.crebitos.limits import (
    CLIENTES_SHOWN_MAX,
    EXTRATO_ROWS,
    TRANSACOES_SHOWN_MAX,
    VALOR_MAX,
)
from rinha.crebitos.messages import Extrato, Resultado, Transacao, extrato_of
from rinha.crebitos.overview import ClienteSeen, Overview, TransacaoSeen
from rinha.sqlite.file import Schema
from rinha.sqlite.store import SqliteStore
from rinha.store import Gauge

READ_SALDO = "SELECT limite, saldo, transacoes FROM clientes WHERE cliente = ?"
WRITE_SALDO = "UPDATE clientes SET saldo = ?, transacoes = ? WHERE cliente = ?"
ADD_TRANSACAO = "INSERT INTO transacoes VALUES (?, ?, ?, ?, ?, ?)"
# One statement reads one snapshot: the balance and the rows belong together.
READ_EXTRATO = f"""
    SELECT c.limite, c.saldo, t.valor, t.tipo, t.descricao, t.realizada_em_us
    FROM clientes AS c LEFT JOIN transacoes AS t ON t.cliente = c.cliente
    WHERE c.cliente = ? ORDER BY t.sequencia DESC LIMIT {EXTRATO_ROWS}
"""  # noqa: S608 - only our own constants are put in
READ_AUDIT = """
    SELECT c.cliente, c.limite, c.saldo, c.transacoes,
           ifnull(sum(iif(l.tipo = 'c', l.valor, -l.valor)), 0), min(0, ifnull(min(l.saldo), 0))
    FROM clientes AS c LEFT JOIN livro AS l ON l.cliente = c.cliente
    GROUP BY c.cliente
"""
READ_CLIENTES = "SELECT cliente, limite, saldo FROM clientes ORDER BY cliente LIMIT ?"
# Reads the newest rows of each client that is shown, and of those the newest.
READ_NEWEST = """
    SELECT t.cliente, t.tipo, t.valor, t.descricao, t.realizada_em_us
    FROM (SELECT cliente, transacoes FROM clientes ORDER BY cliente LIMIT ?1) AS c
    JOIN transacoes AS t ON t.cliente = c.cliente AND t.sequencia > c.transacoes - ?2
    ORDER BY t.realizada_em_us DESC LIMIT ?2
"""


class SqliteLedger(SqliteStore):
    SCHEMA = Schema("ledger", files("rinha.crebitos") / "schema.sql", 0x72696E68, 1)  # "rinh"
    TABLES = TABLES

    def transact(self, cliente: int, transacao: Transacao) -> Resultado:
        change = transacao.valor if transacao.tipo == "c" else -transacao.valor
        with self._writing:
            row = self._execute(READ_SALDO, (cliente,)).fetchone()
            if row is None:
                raise UnknownClienteError(f"there is no client {cliente}")
            limite, saldo, sequencia = row
            saldo += change
            # The balance rule.
            if saldo < -limite:
                raise LimiteExceededError(f"the debit would take the balance below -{limite}")
            if saldo > VALOR_MAX:
                raise LimiteExceededError(f"the credit would take the balance above {VALOR_MAX}")
            sequencia += 1
            self._execute(WRITE_SALDO, (saldo, sequencia, cliente))
            self._execute(
                ADD_TRANSACAO,
                (
                    cliente,
                    sequencia,
                    transacao.valor,
                    transacao.tipo,
                    transacao.descricao,
                    time.time_ns() // 1000,
                ),
            )
        return Resultado(limite, saldo)

    def extrato(self, cliente: int) -> Extrato:
        rows = self.engine.read(READ_EXTRATO, (cliente,))
        if not rows:
            raise UnknownClienteError(f"there is no client {cliente}")
        limite, saldo, valor = rows[0][:3]
        # A client without transactions has one row with NULLs.
        return extrato_of(limite, saldo, [row[2:] for row in rows] if valor is not None else [])

    def reset(self) -> None:
        with self._writing:
            self._execute("DELETE FROM transacoes")
            self._execute("UPDATE clientes SET saldo = 0, transacoes = 0")

    def assert_readable(self) -> None:
        self.engine.assert_readable("SELECT saldo FROM clientes LIMIT 1")

    def gauges(self) -> Iterator[Gauge]:
        yield from self.engine.gauges()
        yield from self.overview().gauges()

    def overview(self) -> Overview:
        clientes = self.engine.read(READ_CLIENTES, (CLIENTES_SHOWN_MAX,))
        newest = self.engine.read(READ_NEWEST, (CLIENTES_SHOWN_MAX, TRANSACOES_SHOWN_MAX))
        return Overview(
            [ClienteSeen(*row) for row in clientes], [TransacaoSeen(*row) for row in newest]
        )

    def audit(self) -> Audit:
        return Audit(*self._audited("client", self._clientes, list[ClienteAudit]()))

    def _clientes(self) -> list[ClienteAudit]:
        return [ClienteAudit(*row) for row in self._execute(READ_AUDIT)]
