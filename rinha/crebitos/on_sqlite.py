"""Ledger on SQLite: the balance rule, and all SQL of this edition for that engine."""

import time
from collections.abc import Iterator
from importlib.resources import files
from typing import Self

from rinha.crebitos.audit import Audit, ClienteAudit, audit_of
from rinha.crebitos.idempotency import Outcome, pedido_of
from rinha.crebitos.ledger import (
    REFUSALS,
    TABLES,
    ClienteClosedError,
    LimiteExceededError,
    UnknownClienteError,
)
from rinha.crebitos.limits import (
    CLIENTES_SHOWN_MAX,
    EXPIRED_KEYS_CHECK_US,
    EXPIRED_KEYS_REMOVED,
    EXTRATO_ROWS,
    FIRST_LIMITES,
    TRANSACOES_SHOWN_MAX,
    VALOR_MAX,
)
from rinha.crebitos.messages import Extrato, Resultado, Transacao, extrato_of
from rinha.crebitos.overview import ClienteSeen, Overview, TransacaoSeen
from rinha.errors import NotUpgradedError
from rinha.settings import HOUR_US, KEYS_KEPT_H_MIN, Settings
from rinha.sqlite.schema import Schema, version_of
from rinha.sqlite.store import SqliteStore
from rinha.store import Gauge

# All columns: a ledger of version 1 has no `nome` and `fechado`, and another process may upgrade it
# at any time.
READ_CLIENTE = "SELECT * FROM clientes WHERE cliente = ?"
WRITE_SALDO = "UPDATE clientes SET saldo = ?, transacoes = ? WHERE cliente = ?"
ADD_TRANSACAO = "INSERT INTO transacoes VALUES (?, ?, ?, ?, ?, ?)"
NO_KEYS_YET = (
    "the ledger is not upgraded yet, and an older program that uses it would ignore the "
    "Idempotency-Key; nothing was written: try again"
)
READ_CHAVE = "SELECT cliente, pedido, limite, saldo, recusa FROM chaves WHERE chave = ?"
ADD_CHAVE = """
    INSERT INTO chaves (chave, cliente, pedido, sequencia, recusa, limite, saldo, criada_em_us)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
# The oldest keys have the lowest numbers, so this reads no others.
REMOVE_EXPIRED = f"""
    DELETE FROM chaves WHERE criada_em_us < ?
    AND numero IN (SELECT numero FROM chaves ORDER BY numero LIMIT {EXPIRED_KEYS_REMOVED})
"""  # noqa: S608 - only our own constants are put in
# Keys that a clock which was ahead has dated would keep all later ones from being removed.
DATE_AGAIN = f"""
    UPDATE chaves SET criada_em_us = ? WHERE criada_em_us > ?
    AND numero IN (SELECT numero FROM chaves ORDER BY numero LIMIT {EXPIRED_KEYS_REMOVED})
"""  # noqa: S608 - only our own constants are put in
# Each key of a transaction that is not there, or is another one.
READ_LOST_CHAVES = """
    SELECT k.cliente, 'key of a transaction that is missing or another',
           printf('sequencia %d', k.sequencia)
    FROM chaves AS k LEFT JOIN transacoes AS t USING (cliente, sequencia)
    WHERE k.sequencia > 0 AND k.pedido IS NOT t.valor || t.tipo || t.descricao
"""
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
READ_CLIENTES = "SELECT * FROM clientes ORDER BY cliente LIMIT ?"
FIRST = ", ".join(map(str, FIRST_LIMITES.items()))
# Tables that a reset empties, by the version of the ledger.
EMPTIED = {
    1: ("transacoes", "clientes"),
    2: ("chaves", "transacoes", "alteracoes", "clientes"),
}
ADD_FIRST = f"INSERT INTO clientes (cliente, limite) VALUES {FIRST}"  # noqa: S608 - as above
# Reads the newest rows of each client that is shown, and of those the newest.
READ_NEWEST = """
    SELECT t.cliente, t.tipo, t.valor, t.descricao, t.realizada_em_us
    FROM (SELECT cliente, transacoes FROM clientes ORDER BY cliente LIMIT ?1) AS c
    JOIN transacoes AS t ON t.cliente = c.cliente AND t.sequencia > c.transacoes - ?2
    ORDER BY t.realizada_em_us DESC LIMIT ?2
"""


class SqliteLedger(SqliteStore):
    SCHEMA = Schema("ledger", files("rinha.crebitos") / "schema.sql", 0x72696E68, 2)  # "rinh"
    TABLES = TABLES
    PROBLEMS = {**SqliteStore.PROBLEMS, 2: READ_LOST_CHAVES}  # noqa: RUF012 - as declared there
    keys_kept_us = KEYS_KEPT_H_MIN * HOUR_US
    _next_removal_us = 0

    @classmethod
    def open(cls, settings: Settings, *, create: bool) -> Self:
        ledger = super().open(settings, create=create)
        ledger.keys_kept_us = settings.keys_kept_us
        return ledger

    def transact(self, cliente: int, transacao: Transacao) -> Resultado:
        with self._writing:
            limite, saldo, _ = self._add(cliente, transacao)
        return Resultado(limite, saldo)

    def transact_once(self, cliente: int, transacao: Transacao, chave: str) -> Resultado:
        if not self.engine.has_newest_version():
            raise NotUpgradedError(NO_KEYS_YET)
        pedido = pedido_of(transacao)
        with self._writing:
            known = self._execute(READ_CHAVE, (chave,)).fetchone()
            if known is None:
                outcome = self._add_with_key(cliente, transacao, chave, pedido)
            else:
                outcome = Outcome(*known)
        # A refusal is raised here: its key is to be committed.
        return outcome.answer(cliente, pedido)

    def _add(self, cliente: int, transacao: Transacao) -> tuple[int, int, int]:
        """Returns the limit, and the balance and the sequence after the transaction."""
        change = transacao.valor if transacao.tipo == "c" else -transacao.valor
        row = self._execute(READ_CLIENTE, (cliente,)).fetchone()
        if row is None:
            raise UnknownClienteError(f"there is no client {cliente}")
        _, limite, saldo, sequencia, *since_2 = row
        if since_2 and since_2[1]:
            raise ClienteClosedError(cliente)
        saldo += change
        # The balance rule.
        if saldo < -limite:
            raise LimiteExceededError(REFUSALS["d"].format(limite=limite))
        if saldo > VALOR_MAX:
            raise LimiteExceededError(REFUSALS["c"])
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
        return limite, saldo, sequencia

    def _add_with_key(self, cliente: int, transacao: Transacao, chave: str, pedido: str) -> Outcome:
        recusa = ""
        try:
            limite, saldo, sequencia = self._add(cliente, transacao)
        except LimiteExceededError as refused:
            _, limite, saldo, *_ = self._execute(READ_CLIENTE, (cliente,)).get
            recusa, sequencia = str(refused), 0
        now_us = time.time_ns() // 1000
        # A later next time than that is of a clock that was ahead.
        if not now_us < self._next_removal_us <= now_us + EXPIRED_KEYS_CHECK_US:
            self._execute(REMOVE_EXPIRED, (now_us - self.keys_kept_us,))
            if self.engine.connection.changes() < EXPIRED_KEYS_REMOVED:
                self._execute(DATE_AGAIN, (now_us, now_us))
                if not self.engine.connection.changes():
                    self._next_removal_us = now_us + EXPIRED_KEYS_CHECK_US
        self._execute(ADD_CHAVE, (chave, cliente, pedido, sequencia, recusa, limite, saldo, now_us))
        return Outcome(cliente, pedido, limite, saldo, recusa)

    def extrato(self, cliente: int) -> Extrato:
        rows = self.engine.read(READ_EXTRATO, (cliente,))
        if not rows:
            raise UnknownClienteError(f"there is no client {cliente}")
        limite, saldo, valor = rows[0][:3]
        # A client without transactions has one row with NULLs.
        return extrato_of(limite, saldo, [row[2:] for row in rows] if valor is not None else [])

    def reset(self) -> None:
        with self._writing:
            for table in EMPTIED[version_of(self.engine.connection)]:
                self._execute(f"DELETE FROM {table}")  # noqa: S608 - only our own constants
            self._execute(ADD_FIRST)

    def assert_readable(self) -> None:
        self.engine.assert_readable("SELECT saldo FROM clientes LIMIT 1")

    def gauges(self) -> Iterator[Gauge]:
        yield from self.engine.gauges()
        yield from self.overview().gauges()

    def overview(self) -> Overview:
        rows = self.engine.read(READ_CLIENTES, (CLIENTES_SHOWN_MAX,))
        newest = self.engine.read(READ_NEWEST, (CLIENTES_SHOWN_MAX, TRANSACOES_SHOWN_MAX))
        return Overview([_seen(*row) for row in rows], [TransacaoSeen(*row) for row in newest])

    def audit(self) -> Audit:
        return self._audited("client", self._audit_of, lambda problems: Audit(problems, []))

    def _audit_of(self, problems: list[str]) -> Audit:
        return audit_of(problems, (ClienteAudit(*row) for row in self._execute(READ_AUDIT)))


def _seen(
    cliente: int, limite: int, saldo: int, _transacoes: int, nome: str = "", fechado: int = 0
) -> ClienteSeen:
    return ClienteSeen(cliente, nome, limite, saldo, bool(fechado))
