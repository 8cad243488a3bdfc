"""Ledger on PostgreSQL: the balance rule, and all SQL of this edition for that engine."""

import time
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files

from rinha.address import ServerUrl
from rinha.crebitos.audit import Audit
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
    EXPIRED_KEYS_REMOVED,
    EXTRATO_ROWS,
    FIRST_LIMITES,
    TRANSACOES_SHOWN_MAX,
    VALOR_MAX,
)
from rinha.crebitos.messages import Extrato, Resultado, Transacao, extrato_of
from rinha.crebitos.on_postgres_audit import audit
from rinha.crebitos.on_postgres_expiry import Expiry
from rinha.crebitos.overview import ClienteSeen, Overview, TransacaoSeen
from rinha.postgres.content import PostgresContent
from rinha.postgres.primary import REPEATED, Primary
from rinha.postgres.schema import Schema
from rinha.postgres.session import INTEGER, TEXT, Row, Statement
from rinha.postgres.text import escaped, unescaped
from rinha.settings import HOUR_US, KEYS_KEPT_H_MIN
from rinha.store import Gauge

SCHEMA = Schema("ledger", files("rinha.crebitos") / "schema_postgres.sql", "clientes", 2)

# The balance rule.
FITS = f"fechado = 0 AND saldo + $2 BETWEEN -limite AND {VALOR_MAX}"
# A transaction that waited for the row's lock sees the row as the previous one left it. If `moved`
# is empty, the last line still tells a refused client from an unknown one. That line sees the row
# as it was before the wait.
TRANSACT = Statement(
    "transact",
    f"""
    WITH moved AS (
        UPDATE clientes SET saldo = saldo + $2, transacoes = transacoes + 1
        WHERE cliente = $1 AND {FITS}
        RETURNING limite, saldo, transacoes
    ), added AS (
        INSERT INTO transacoes (cliente, sequencia, valor, tipo, descricao, realizada_em_us)
        SELECT $1, transacoes, $3, $4, $5, $6 FROM moved
    ), seen AS (
        SELECT limite, fechado, ({FITS})::int AS fits FROM clientes WHERE cliente = $1
    )
    SELECT coalesce(moved.limite, seen.limite), moved.saldo, seen.fechado, seen.fits
    FROM seen LEFT JOIN moved ON true
    """,  # noqa: S608 - only our own constants are put in
    (INTEGER, INTEGER, INTEGER, TEXT, TEXT, INTEGER),
)
# The same columns, for a refusal.
READ_REFUSAL = Statement(
    "refusal",
    "SELECT limite, NULL, fechado, 0 FROM clientes WHERE cliente = $1",
    (INTEGER,),
)
# In place of a known key's client.
CLOSED = -1
# The same for the first request with a key; a later request with that key gets the stored outcome.
# It locks the client's row first: the stored reason of a refusal must fit the row as it is after
# the wait for that lock. It sets the limit too, because the table's constraints are first checked
# with the row as it was before the wait. Of two requests with one key the second waits for the
# first, fails to add the key, and is then repeated.
TRANSACT_ONCE = Statement(
    "transact_once",
    f"""
    WITH known AS (
        SELECT cliente, pedido, limite, saldo, recusa FROM chaves WHERE chave = $7
    ), locked AS (
        SELECT limite, saldo, transacoes, fechado, {FITS} AS fits FROM clientes
        WHERE cliente = $1 AND NOT EXISTS (SELECT FROM known) FOR NO KEY UPDATE
    ), moved AS (
        UPDATE clientes AS c
        SET limite = locked.limite, saldo = locked.saldo + $2, transacoes = locked.transacoes + 1
        FROM locked WHERE c.cliente = $1 AND locked.fits
        RETURNING c.saldo, c.transacoes
    ), added AS (
        INSERT INTO transacoes (cliente, sequencia, valor, tipo, descricao, realizada_em_us)
        SELECT $1, transacoes, $3, $4, $5, $6 FROM moved
    ), kept AS (
        INSERT INTO chaves
            (chave, cliente, pedido, sequencia, recusa, limite, saldo, criada_em_us)
        SELECT $7, $1, $8, coalesce(moved.transacoes, 0),
               CASE WHEN locked.fits THEN ''
               ELSE replace($9, '{{limite}}', locked.limite::text) END,
               locked.limite, coalesce(moved.saldo, locked.saldo), $6
        FROM locked LEFT JOIN moved ON true WHERE locked.fechado = 0
        RETURNING limite, saldo, recusa
    ), removed AS (
        DELETE FROM chaves WHERE chave IN (
            SELECT chave FROM chaves WHERE criada_em_us >= $10 AND criada_em_us < $11
            ORDER BY criada_em_us LIMIT {EXPIRED_KEYS_REMOVED} FOR UPDATE SKIP LOCKED
        ) AND EXISTS (SELECT FROM kept)
        RETURNING criada_em_us
    )
    SELECT cliente, pedido, limite, saldo, recusa, NULL FROM known
    UNION ALL SELECT NULL, NULL, limite, saldo, recusa, (SELECT max(criada_em_us) FROM removed)
        FROM kept
    UNION ALL SELECT {CLOSED}, NULL, NULL, NULL, NULL, NULL FROM locked WHERE fechado = 1
    """,  # noqa: S608 - only our own constants are put in
    (*(INTEGER, INTEGER, INTEGER, TEXT, TEXT, INTEGER), TEXT, TEXT, TEXT, INTEGER, INTEGER),
)
# One statement reads one snapshot: the balance and the rows belong together.
READ_EXTRATO = Statement(
    "extrato",
    f"""
    SELECT c.limite, c.saldo, t.valor, t.tipo, t.descricao, t.realizada_em_us
    FROM clientes AS c LEFT JOIN LATERAL (
        SELECT * FROM transacoes WHERE cliente = c.cliente
        ORDER BY sequencia DESC LIMIT {EXTRATO_ROWS}
    ) AS t ON true
    WHERE c.cliente = $1 ORDER BY t.sequencia DESC
    """,  # noqa: S608 - only our own constants are put in
    (INTEGER,),
)
READ_CLIENTES = Statement(
    "clientes",
    "SELECT cliente, nome, limite, saldo, fechado FROM clientes ORDER BY cliente"  # noqa: S608
    f" LIMIT {CLIENTES_SHOWN_MAX}",
)
# Reads the newest rows of each client that is shown, and of those the newest.
READ_NEWEST = Statement(
    "newest",
    f"""
    SELECT t.cliente, t.valor, t.tipo, t.descricao, t.realizada_em_us
    FROM (SELECT cliente FROM clientes ORDER BY cliente LIMIT {CLIENTES_SHOWN_MAX}) AS c
    CROSS JOIN LATERAL (
        SELECT * FROM transacoes WHERE cliente = c.cliente
        ORDER BY sequencia DESC LIMIT {TRANSACOES_SHOWN_MAX}
    ) AS t
    ORDER BY t.realizada_em_us DESC LIMIT {TRANSACOES_SHOWN_MAX}
    """,  # noqa: S608 - only our own constants are put in
)
UNIQUE_VIOLATION = "23505"
LOOK = Statement("look", "SELECT saldo FROM clientes LIMIT 1")
FIRST = ", ".join(map(str, FIRST_LIMITES.items()))
# The later statements see what was committed while the first one waited.
RESET = (
    "LOCK TABLE clientes IN EXCLUSIVE MODE",
    "DELETE FROM chaves",
    "DELETE FROM transacoes",
    "DELETE FROM alteracoes",
    "DELETE FROM clientes",
    f"INSERT INTO clientes (cliente, limite) VALUES {FIRST}",  # noqa: S608 - only our own constants
)


class PostgresLedger:
    def __init__(
        self,
        url: ServerUrl,
        *,
        create: bool = True,
        keys_kept_us: int = KEYS_KEPT_H_MIN * HOUR_US,
    ) -> None:
        self.engine = Primary(url, SCHEMA, create=create)
        self.content = PostgresContent(self.engine, TABLES)
        self._expiry = Expiry(keys_kept_us)

    def close(self) -> None:
        self.engine.close()

    def transact(self, cliente: int, transacao: Transacao) -> Resultado:
        rows = self.engine.write(
            TRANSACT, _parameters(cliente, transacao, time.time_ns() // 1000), _has_moved
        )
        if _has_moved(rows):
            return Resultado(*_integers(rows[0][:2]))
        if rows and rows[0][3] == b"1":
            # The client changed while the statement waited.
            rows = self.engine.read(READ_REFUSAL, (b"%d" % cliente,))
        if not rows:
            raise UnknownClienteError(f"there is no client {cliente}")
        limite, _, fechado, _ = _integers(rows[0])
        if fechado:
            raise ClienteClosedError(cliente)
        raise LimiteExceededError(REFUSALS[transacao.tipo].format(limite=limite))

    def transact_once(self, cliente: int, transacao: Transacao, chave: str) -> Resultado:
        now_us, pedido = time.time_ns() // 1000, pedido_of(transacao)
        rows = self.engine.write(
            TRANSACT_ONCE,
            (
                *_parameters(cliente, transacao, now_us),
                chave.encode(),
                escaped(pedido).encode(),
                REFUSALS[transacao.tipo].encode(),
                *self._expiry.times(now_us),
            ),
            _has_kept,
            (*REPEATED, UNIQUE_VIOLATION),
        )
        if not rows:
            raise UnknownClienteError(f"there is no client {cliente}")
        if rows[0][0] == b"%d" % CLOSED:
            raise ClienteClosedError(cliente)
        *outcome, removed_us = rows[0]
        self._expiry.removed(removed_us)
        return _outcome(outcome, cliente, pedido).answer(cliente, pedido)

    def extrato(self, cliente: int) -> Extrato:
        rows = self.engine.read(READ_EXTRATO, (b"%d" % cliente,))
        if not rows:
            raise UnknownClienteError(f"there is no client {cliente}")
        limite, saldo = _integers(rows[0][:2])
        # A client without transactions has one row with NULLs.
        return extrato_of(
            limite, saldo, [_transacao(row[2:]) for row in rows if row[2] is not None]
        )

    def reset(self) -> None:
        self.engine.rewrite(*RESET)

    def assert_readable(self) -> None:
        self.engine.assert_readable(LOOK)

    def gauges(self) -> Iterator[Gauge]:
        yield from self.engine.gauges()
        yield from self.overview().gauges()

    def overview(self) -> Overview:
        clientes = self.engine.read(READ_CLIENTES, ())
        newest = self.engine.read(READ_NEWEST, ())
        return Overview(
            [_cliente_seen(row) for row in clientes],
            [_transacao_seen(row) for row in newest],
        )

    def audit(self) -> Audit:
        return audit(self.engine)


def _has_moved(rows: list[Row]) -> bool:
    """Returns False for a refusal, which wrote nothing."""
    return bool(rows) and rows[0][1] is not None


def _has_kept(rows: list[Row]) -> bool:
    """Returns False for a known key or an unknown client, which wrote nothing."""
    return bool(rows) and rows[0][0] is None


def _parameters(cliente: int, transacao: Transacao, now_us: int) -> tuple[bytes, ...]:
    valor = b"%d" % transacao.valor
    return (
        b"%d" % cliente,
        valor if transacao.tipo == "c" else b"-" + valor,
        valor,
        transacao.tipo.encode(),
        escaped(transacao.descricao).encode(),
        b"%d" % now_us,
    )


def _outcome(row: Sequence[bytes | None], cliente: int, pedido: str) -> Outcome:
    """Returns the outcome of a key; a row of this request names neither client nor body."""
    of, asked, limite, saldo, recusa = row
    return Outcome(
        cliente if of is None else int(of),
        pedido if asked is None else unescaped(asked.decode()),
        int(limite or 0),
        int(saldo or 0),
        (recusa or b"").decode(),
    )


def _cliente_seen(row: Row) -> ClienteSeen:
    cliente, nome, limite, saldo, fechado = (each or b"" for each in row)
    text = unescaped(nome.decode())
    return ClienteSeen(int(cliente), text, int(limite), int(saldo), fechado == b"1")


def _transacao(row: Row) -> tuple[int, str, str, int]:
    valor, tipo, descricao, realizada_em_us = (each or b"" for each in row)
    return int(valor), tipo.decode(), unescaped(descricao.decode()), int(realizada_em_us)


def _transacao_seen(row: Row) -> TransacaoSeen:
    valor, tipo, descricao, realizada_em_us = _transacao(row[1:])
    return TransacaoSeen(int(row[0] or 0), tipo, valor, descricao, realizada_em_us)


def _integers(row: Iterable[bytes | None]) -> list[int]:
    return [int(each or 0) for each in row]
