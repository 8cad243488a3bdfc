"""Restores a ledger from a file, or from the replica, also to a point in time."""

import contextlib
from datetime import datetime
from pathlib import Path

import apsw

from rinha.crebitos.on_sqlite import SqliteLedger
from rinha.replica import litestream
from rinha.replica.restore import LATER
from rinha.replica.restore import restore as restore_edition
from rinha.settings import Settings

# A ledger only grows. If a later state lacks rows of an earlier one, it was emptied or edited in
# between, and no rows are taken from it.
COUNT_GONE = """
    SELECT (SELECT count(*) FROM clientes AS c WHERE NOT EXISTS (
        SELECT 1 FROM later.clientes AS l WHERE (l.cliente, l.limite) = (c.cliente, c.limite)
    )) + (SELECT count(*) FROM transacoes AS t WHERE NOT EXISTS (
        SELECT 1 FROM later.transacoes AS l
        WHERE (l.cliente, l.sequencia, l.valor, l.tipo, l.descricao, l.realizada_em_us)
            = (t.cliente, t.sequencia, t.valor, t.tipo, t.descricao, t.realizada_em_us)
    ))
"""
# The same where limits change: each of an earlier state's changes is in a later one.
COUNT_GONE_2 = """
    SELECT (SELECT count(*) FROM clientes AS c WHERE NOT EXISTS (
        SELECT 1 FROM later.clientes AS l
        WHERE l.cliente = c.cliente AND (l.limite = c.limite OR EXISTS (
            SELECT 1 FROM later.alteracoes AS a WHERE a.cliente = c.cliente
        ))
    )) + (SELECT count(*) FROM (
        SELECT * FROM alteracoes EXCEPT SELECT * FROM later.alteracoes
    )) + (SELECT count(*) FROM (
        SELECT * FROM transacoes EXCEPT SELECT * FROM later.transacoes
    ))
"""
# Ends each client's history before its first transaction after the time. That is found once for a
# client: a search for each of a million rows takes days.
TRIM = """
    DELETE FROM transacoes WHERE (cliente, sequencia) IN (
        SELECT t.cliente, t.sequencia
        FROM (
            SELECT cliente, min(sequencia) AS primeira FROM transacoes
            WHERE realizada_em_us > ? GROUP BY cliente
        ) AS p JOIN transacoes AS t ON t.cliente = p.cliente AND t.sequencia >= p.primeira
    )
"""
ADD_LATER = """
    INSERT INTO transacoes
    SELECT l.* FROM clientes AS c JOIN later.transacoes AS l ON l.cliente = c.cliente
    WHERE l.sequencia > c.transacoes
"""
COUNT_AGAIN = """
    UPDATE clientes SET
        saldo = ifnull((
            SELECT sum(iif(t.tipo = 'c', t.valor, -t.valor)) FROM transacoes AS t
            WHERE t.cliente = clientes.cliente
        ), 0),
        transacoes = ifnull((
            SELECT max(t.sequencia) FROM transacoes AS t WHERE t.cliente = clientes.cliente
        ), 0)
"""
ADD_LATER_CLIENTES = """
    INSERT INTO clientes (cliente, limite, nome)
    SELECT l.cliente, l.limite, l.nome FROM later.clientes AS l
    WHERE NOT EXISTS (SELECT 1 FROM clientes AS c WHERE c.cliente = l.cliente)
"""
ADD_LATER_ALTERACOES = "INSERT OR IGNORE INTO alteracoes SELECT * FROM later.alteracoes"
# Ends the history of a client's changes too. No transaction stays that came after a change that
# goes, and no change that came after a transaction that goes.
KEEP_FIRST = """
    CREATE TEMP TABLE primeiras (cliente INTEGER PRIMARY KEY, acao TEXT, limite_antes INTEGER);
    INSERT INTO primeiras SELECT cliente, acao, limite_antes FROM alteracoes WHERE numero = 1
"""
TRIM_AFTER_CHANGE = """
    DELETE FROM transacoes WHERE (cliente, sequencia) IN (
        SELECT t.cliente, t.sequencia
        FROM (
            SELECT cliente, min(transacoes) AS ultima FROM alteracoes
            WHERE feita_em_us > ? GROUP BY cliente
        ) AS a JOIN transacoes AS t ON t.cliente = a.cliente AND t.sequencia > a.ultima
    )
"""
TRIM_ALTERACOES = """
    DELETE FROM alteracoes WHERE (cliente, numero) IN (
        SELECT l.cliente, l.numero
        FROM (
            SELECT a.cliente, min(a.numero) AS primeira FROM alteracoes AS a
            WHERE a.feita_em_us > ? OR a.transacoes > (
                SELECT ifnull(max(t.sequencia), 0) FROM transacoes AS t WHERE t.cliente = a.cliente
            ) GROUP BY a.cliente
        ) AS p JOIN alteracoes AS l ON l.cliente = p.cliente AND l.numero >= p.primeira
    )
"""
REMOVE_CLIENTES = """
    DELETE FROM clientes
    WHERE cliente IN (SELECT cliente FROM primeiras WHERE acao = 'add')
      AND cliente NOT IN (SELECT cliente FROM alteracoes)
"""
# With the balance in one statement: an earlier limit may have allowed what a later one does not.
COUNT_AGAIN_2 = f"""{COUNT_AGAIN.rstrip()},
        limite = coalesce((
            SELECT a.limite FROM alteracoes AS a
            WHERE a.cliente = clientes.cliente ORDER BY a.numero DESC LIMIT 1
        ), (
            SELECT p.limite_antes FROM primeiras AS p WHERE p.cliente = clientes.cliente
        ), limite),
        fechado = EXISTS (
            SELECT 1 FROM alteracoes AS a WHERE a.cliente = clientes.cliente AND a.acao = 'close'
        )
"""  # noqa: S608 - only our own constants are put in
# The same for keys. They are added whole, and those beyond the history are removed.
ADD_LATER_CHAVES = """
    INSERT OR IGNORE INTO chaves
        (chave, cliente, pedido, sequencia, recusa, limite, saldo, criada_em_us)
    SELECT chave, cliente, pedido, sequencia, recusa, limite, saldo, criada_em_us
    FROM later.chaves ORDER BY numero
"""
TRIM_CHAVES = """
    DELETE FROM chaves WHERE (sequencia = 0 AND criada_em_us > ?) OR sequencia > ifnull((
        SELECT c.transacoes FROM clientes AS c WHERE c.cliente = chaves.cliente
    ), -1)
"""


def restore(settings: Settings, file: Path | None, at: datetime | None) -> Path | None:
    return restore_edition(SqliteLedger, settings, file, at, _complete)


def _complete(copy: Path, replica: str, at: datetime) -> None:
    """Adds the transactions between Litestream's last state before the time and that time.

    They come from the latest state, where each row has its time."""
    later = copy.with_name(f"{copy.name}{LATER}")
    later.unlink(missing_ok=True)
    try:
        litestream.restore(replica, later)
        with contextlib.closing(apsw.Connection(str(copy))) as connection:
            connection.execute("ATTACH ? AS later", (str(later),))
            version, version_later = (
                connection.execute(f"PRAGMA {name}.user_version").get for name in ("main", "later")
            )
            if version < version_later:
                # What came after the upgrade needs the newer tables.
                SqliteLedger.SCHEMA.upgrade(connection, version)
            at_us = round(at.timestamp() * 1_000_000)
            with connection:
                if version_later == 1:
                    _complete_version_1(connection, at_us)
                else:
                    _complete_version_2(connection, at_us)
    finally:
        for ending in ("", "-wal", "-shm"):
            later.with_name(later.name + ending).unlink(missing_ok=True)


def _complete_version_1(connection: apsw.Connection, at_us: int) -> None:
    if not connection.execute(COUNT_GONE).get:
        connection.execute(ADD_LATER)
    connection.execute(TRIM, (at_us,))
    connection.execute(COUNT_AGAIN)


def _complete_version_2(connection: apsw.Connection, at_us: int) -> None:
    if not connection.execute(COUNT_GONE_2).get:
        for statement in (ADD_LATER_CLIENTES, ADD_LATER_ALTERACOES, ADD_LATER, ADD_LATER_CHAVES):
            connection.execute(statement)
    connection.execute(KEEP_FIRST)
    for statement in (TRIM, TRIM_AFTER_CHANGE, TRIM_ALTERACOES):
        connection.execute(statement, (at_us,))
    connection.execute(COUNT_AGAIN_2)
    connection.execute(REMOVE_CLIENTES)
    connection.execute(TRIM_CHAVES, (at_us,))
