"""Changes of clients on PostgreSQL. Each is one statement, which is one transaction."""

import json
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

from rinha.crebitos.clientes import Changed, Listed, NewCliente
from rinha.crebitos.limits import CLIENTE_MAX
from rinha.crebitos.on_postgres import UNIQUE_VIOLATION, PostgresLedger
from rinha.postgres.primary import REPEATED
from rinha.postgres.session import INTEGER, TEXT, RefusedError, Row, Statement
from rinha.postgres.text import escaped, unescaped

LISTED = "SELECT cliente, nome, limite, saldo, transacoes, fechado FROM clientes"
# By an array: with a subquery the plan made for a small table reads the whole of a large one.
FIND = Statement("find_clientes", f"{LISTED} WHERE cliente = ANY ($1::bigint[])", (TEXT,))
AFTER = Statement(
    "clientes_after",
    f"{LISTED} WHERE cliente > $1 ORDER BY cliente LIMIT $2",
    (INTEGER, INTEGER),
)
ADD = Statement(
    "add_clientes",
    """
    WITH added AS (
        INSERT INTO clientes (cliente, limite, nome)
        SELECT cliente, limite, nome
        FROM json_to_recordset($1::json) AS n (cliente BIGINT, limite BIGINT, nome TEXT)
        RETURNING cliente, limite
    )
    INSERT INTO alteracoes SELECT cliente, 1, 'add', limite, limite, 0, $2 FROM added
    """,
    (TEXT, INTEGER),
)
ADD_NEXT = Statement(
    "add_next_cliente",
    f"""
    WITH added AS (
        INSERT INTO clientes (cliente, limite, nome)
        SELECT coalesce(max(cliente), 0) + 1, $1, $2 FROM clientes
        HAVING coalesce(max(cliente), 0) < {CLIENTE_MAX}
        RETURNING cliente, limite
    )
    INSERT INTO alteracoes SELECT cliente, 1, 'add', limite, limite, 0, $3 FROM added
    RETURNING cliente
    """,  # noqa: S608 - only our own constants are put in
    (INTEGER, TEXT, INTEGER),
)


def _change(name: str, acao: str, change: str, allowed: str) -> Statement:
    """Returns a statement that changes a client, and returns it as it was before.

    It sets the balance too: the table's constraints are first checked with the row before the wait
    for its lock."""
    return Statement(
        name,
        f"""
        WITH old AS (
            SELECT limite, saldo, fechado FROM clientes WHERE cliente = $1 FOR UPDATE
        ), changed AS (
            UPDATE clientes AS c SET saldo = old.saldo, {change} FROM old
            WHERE c.cliente = $1 AND old.fechado = 0 AND old.saldo >= -{allowed}
            RETURNING c.limite, c.transacoes
        ), noted AS (
            INSERT INTO alteracoes
            SELECT $1, 1 + coalesce((SELECT max(numero) FROM alteracoes WHERE cliente = $1), 0),
                   '{acao}', old.limite, changed.limite, changed.transacoes, $3
            FROM old, changed
        )
        SELECT old.limite, old.saldo, old.fechado, (SELECT count(*) FROM changed) FROM old
        """,  # noqa: S608 - only our own constants are put in
        (INTEGER, INTEGER, INTEGER),
    )


CHANGE_LIMITE = _change("change_limite", "limit", "limite = $2", "$2")
CLOSE = _change("close_cliente", "close", "fechado = 1", "$2")


class PostgresClientes:
    def __init__(self, ledger: PostgresLedger) -> None:
        ledger.engine.assert_newest_version()
        self._engine = ledger.engine

    def adding_many(self) -> AbstractContextManager[None]:
        return nullcontext()

    def find(self, clientes: Sequence[int]) -> dict[int, Listed]:
        numbers = ",".join(map(str, clientes))
        rows = self._engine.read(FIND, (f"{{{numbers}}}".encode(),))
        return {each.cliente: each for each in map(_listed, rows)}

    def after(self, cliente: int, count: int) -> list[Listed]:
        return [_listed(row) for row in self._engine.read(AFTER, (b"%d" % cliente, b"%d" % count))]

    def add(self, new: Sequence[NewCliente]) -> bool:
        rows = [each._replace(nome=escaped(each.nome))._asdict() for each in new]
        try:
            self._engine.write(ADD, (json.dumps(rows).encode(), _now_us()), lambda _rows: True)
        except RefusedError as refused:
            if refused.sqlstate != UNIQUE_VIOLATION:
                raise
            return False
        return True

    def add_next(self, limite: int, nome: str) -> int | None:
        values = (b"%d" % limite, escaped(nome).encode(), _now_us())
        # Of two at once the second finds the first one's number taken.
        rows = self._engine.write(ADD_NEXT, values, bool, (*REPEATED, UNIQUE_VIOLATION))
        return int(rows[0][0] or 0) if rows else None

    def change_limite(self, cliente: int, limite: int) -> Changed | None:
        return self._change(CHANGE_LIMITE, cliente, limite)

    def close(self, cliente: int) -> Changed | None:
        return self._change(CLOSE, cliente, 0)

    def _change(self, statement: Statement, cliente: int, owed_max: int) -> Changed | None:
        values = (b"%d" % cliente, b"%d" % owed_max, _now_us())
        # A change that waited for another one does not see its number, and is repeated.
        rows = self._engine.write(statement, values, _is_done, (*REPEATED, UNIQUE_VIOLATION))
        if not rows:
            return None
        limite, saldo, fechado, done = (int(each or 0) for each in rows[0])
        return Changed(limite, saldo, bool(fechado), bool(done))


def _is_done(rows: list[Row]) -> bool:
    return bool(rows) and rows[0][3] == b"1"


def _now_us() -> bytes:
    return b"%d" % (time.time_ns() // 1000)


def _listed(row: Row) -> Listed:
    cliente, nome, limite, saldo, transacoes, fechado = (each or b"" for each in row)
    numbers = int(limite), int(saldo), int(transacoes)
    return Listed(int(cliente), unescaped(nome.decode()), *numbers, fechado == b"1")
