"""Restores a ledger from a file, or from the replica, also to a point in time."""

import contextlib
from datetime import datetime
from pathlib import Path

import apsw

from rinha.crebitos.on_sqlite import SqliteLedger
from rinha.replica import litestream
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
# Ends each client's history before its first transaction after the time.
TRIM = """
    DELETE FROM transacoes WHERE sequencia >= (
        SELECT min(t.sequencia) FROM transacoes AS t
        WHERE t.cliente = transacoes.cliente AND t.realizada_em_us > ?
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
# The same for keys. They are added whole, and those beyond the history are removed.
ADD_LATER_CHAVES = """
    INSERT OR IGNORE INTO chaves
        (chave, cliente, pedido, sequencia, recusa, limite, saldo, criada_em_us)
    SELECT chave, cliente, pedido, sequencia, recusa, limite, saldo, criada_em_us
    FROM later.chaves ORDER BY numero
"""
TRIM_CHAVES = """
    DELETE FROM chaves WHERE (sequencia = 0 AND criada_em_us > ?) OR sequencia > (
        SELECT c.transacoes FROM clientes AS c WHERE c.cliente = chaves.cliente
    )
"""


def restore(settings: Settings, file: Path | None, at: datetime | None) -> Path | None:
    return restore_edition(SqliteLedger, settings, file, at, _complete)


def _complete(copy: Path, replica: str, at: datetime) -> None:
    """Adds the transactions between Litestream's last state before the time and that time.

    They come from the latest state, where each row has its time."""
    later = copy.with_name(f"{copy.name}.later")
    later.unlink(missing_ok=True)
    try:
        litestream.restore(replica, later)
        with contextlib.closing(apsw.Connection(str(copy))) as connection:
            connection.execute("ATTACH ? AS later", (str(later),))
            # Ledgers of version 1 have no keys.
            has_keys, adds_keys = (
                connection.table_exists(it, "chaves") for it in ("main", "later")
            )
            at_us = round(at.timestamp() * 1_000_000)
            with connection:
                if not connection.execute(COUNT_GONE).get:
                    connection.execute(ADD_LATER)
                    if has_keys and adds_keys:
                        connection.execute(ADD_LATER_CHAVES)
                connection.execute(TRIM, (at_us,))
                connection.execute(COUNT_AGAIN)
                if has_keys:
                    connection.execute(TRIM_CHAVES, (at_us,))
    finally:
        for ending in ("", "-wal", "-shm"):
            later.with_name(later.name + ending).unlink(missing_ok=True)
