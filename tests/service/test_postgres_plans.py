"""Plans of statements on PostgreSQL, which keeps them while the tables grow."""

import contextlib

import psycopg
import pytest

from rinha.address import ServerUrl
from rinha.crebitos.clientes import NewCliente
from rinha.crebitos.ledger import ClienteClosedError
from rinha.crebitos.messages import Transacao
from rinha.crebitos.on_postgres import PostgresLedger
from stack.part import wait_until
from tests.help.ledgers import clientes_of, query
from tests.help.postgres import START_MAX_S, Server

DEBIT = Transacao(1, "d", "abc")
MANY = 6000
# As if transactions of a client, and clients, had come since the plans were made.
GROW = """
    INSERT INTO transacoes SELECT 1, g, 1, 'c', 'abc', 0 FROM generate_series(2, 6000) AS g;
    UPDATE clientes SET saldo = 6000, transacoes = 6000 WHERE cliente = 1;
    INSERT INTO clientes SELECT g, 100, 0, 0 FROM generate_series(6, 6000) AS g;
    INSERT INTO alteracoes SELECT g, 1, 'add', 1, 1, 0, 0 FROM generate_series(6, 6000) AS g
"""
OTHER_SESSIONS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend'
    AND pid <> pg_backend_pid()
"""


def whole_reads(address: str) -> dict[str, int]:
    """Returns how often each table was read whole. A session counts when it ends."""
    assert wait_until(lambda: query(address, OTHER_SESSIONS) == [(0,)], START_MAX_S)
    return dict(query(address, "SELECT relname, seq_scan FROM pg_stat_user_tables"))


def test_no_request_reads_a_whole_table(server: Server) -> None:
    """A ledger that grows while the server's statistics count five clients stays fast: no request,
    no change of a client and no check of a foreign key reads a whole table."""
    address = ServerUrl(server.new_database())
    PostgresLedger(address).close()
    query(address, "ANALYZE")
    before = whole_reads(address)
    with contextlib.closing(PostgresLedger(address)) as ledger:
        clientes = clientes_of(ledger)
        for number in range(8):  # The server keeps a plan from a statement's sixth run on.
            ledger.transact(1, DEBIT)
            ledger.transact_once(2, DEBIT, f"key {number}")
            ledger.extrato(1)
            ledger.overview()
            clientes.find([5, 6])
            clientes.after(2, 3)
            clientes.add([NewCliente(6 + 2 * number, 100)])
            clientes.add_next(100, "")
            clientes.change_limite(6, number)
            clientes.close(7 + 2 * number)
            with pytest.raises(ClienteClosedError):
                ledger.transact(7, DEBIT)
    assert whole_reads(address) == before


def test_a_reset_looks_its_foreign_keys_up(server: Server) -> None:
    """The server keeps the plans of a session that has emptied small ledgers; the same session then
    empties a large one without reading its tables once for each client."""
    address = ServerUrl(server.new_database())
    with contextlib.closing(PostgresLedger(address)) as ledger:
        clientes = clientes_of(ledger)
        for _ in range(8):
            clientes.add([NewCliente(number, 100) for number in range(6, 66)])
            ledger.transact(1, DEBIT)
            query(address, "VACUUM ANALYZE")
            ledger.reset()
        clientes.add([NewCliente(number, 100) for number in range(6, 1006)])
        ledger.reset()
    read = whole_reads(address)
    assert max(read["transacoes"], read["alteracoes"]) < 1000


@pytest.mark.parametrize("analyze", ["SELECT", "ANALYZE"])
def test_a_statement_reads_the_newest_rows_only(server: Server, analyze: str) -> None:
    """A statement and the overview read some newest rows of a client, whether the server has no
    statistics or those of an empty ledger."""
    address = ServerUrl(server.new_database())
    with contextlib.closing(PostgresLedger(address)) as ledger:
        query(address, "ALTER TABLE transacoes SET (autovacuum_enabled = off)")
        query(address, analyze)
        for is_large in (False, True):
            for _ in range(8):
                ledger.extrato(1)
                ledger.overview()
            if not is_large:
                query(address, GROW)
    whole_reads(address)
    ((read,),) = query(
        address, "SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname = 'transacoes'"
    )
    assert read < MANY


def test_removed_keys_are_not_passed_again(server: Server) -> None:
    """Beside an old snapshot, as of a backup, which keeps removed keys in their index, each
    transaction passes few of them."""
    address, count = ServerUrl(server.new_database()), 200
    with (
        contextlib.closing(PostgresLedger(address, keys_kept_us=1)) as ledger,
        psycopg.connect(address) as backup,
    ):
        backup.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        backup.execute("SELECT count(*) FROM clientes")
        for number in range(count):
            ledger.transact_once(1, DEBIT, f"key {number}")
    whole_reads(address)
    assert query(address, "SELECT count(*) FROM chaves") == [(1,)]
    ((read,),) = query(
        address,
        "SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'chaves_por_idade'",
    )
    assert read < 10 * count


def test_an_audit_compares_no_client_with_every_other(server: Server) -> None:
    """The views of an audit stay fast once a list of all clients outgrows the server's work_mem."""
    address = ServerUrl(server.new_database())
    with contextlib.closing(PostgresLedger(address)):
        query(address, GROW)
    query(address, "ANALYZE")
    with psycopg.connect(address) as connection:
        connection.execute("SET work_mem TO '64kB'")
        plan = connection.execute("EXPLAIN SELECT * FROM inconsistencias").fetchall()
    assert not [line for (line,) in plan if "(NOT (SubPlan" in line]
