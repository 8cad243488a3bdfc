"""Upgrades of tables on PostgreSQL, beside sessions and objects of others."""

import contextlib
import threading
from pathlib import Path

import psycopg
import pytest

from rinha.address import ServerUrl
from rinha.crebitos.on_postgres import SCHEMA, PostgresLedger
from rinha.errors import StoreUnusableError
from rinha.postgres import schema
from rinha.postgres.limits import LOCK_WAIT_S
from rinha.schema_versions import up_to
from tests.help.ledgers import query
from tests.help.postgres import Server

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
REQUESTS = (
    f"SET lock_timeout TO {int(LOCK_WAIT_S * 1000)}",
    "SELECT saldo FROM clientes WHERE cliente = 1",
    "UPDATE clientes SET saldo = saldo + 1 WHERE cliente = 1",
)


@pytest.fixture
def old(server: Server) -> ServerUrl:
    """Address of tables of version 1."""
    address = ServerUrl(server.new_database())
    query(address, up_to(1, Path(str(SCHEMA.sql)).read_text()))
    query(address, f"COMMENT ON TABLE clientes IS '{SCHEMA.mark}1'")
    return address


def name_of(address: ServerUrl) -> str:
    return address.partition("@/")[2].partition("?")[0]


def test_no_request_waits_for_an_upgrade_that_waits(
    server: Server, old: ServerUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside a long read, such as a backup, an upgrade gives up; older instances serve meanwhile,
    and no session is left that waits."""
    monkeypatch.setattr(schema, "START_MAX_S", 2.5)
    errors: list[StoreUnusableError] = []

    def upgrade() -> None:
        try:
            PostgresLedger(old).close()
        except StoreUnusableError as error:
            errors.append(error)

    with psycopg.connect(old) as backup, psycopg.connect(old, autocommit=True) as instance:
        backup.execute("SELECT count(*) FROM clientes")
        thread = threading.Thread(target=upgrade)
        thread.start()
        while thread.is_alive():
            for request in REQUESTS:
                instance.execute(request.encode())
        assert [str(error).partition(": ")[2][:30] for error in errors] == [
            "its tables are in use, such as"
        ]
        assert server.query(WAITING) == [(0,)]
    monkeypatch.undo()
    with contextlib.closing(PostgresLedger(old)) as upgraded:
        assert upgraded.engine.has_newest_version()


def test_an_upgrade_keeps_what_depends_on_a_view(server: Server, old: ServerUrl) -> None:
    """Rights on the view of inconsistencies, and the owner's own views of it, stay."""
    name = name_of(old)
    server.query(f"CREATE ROLE watcher_{name}")
    query(old, f"GRANT SELECT ON inconsistencias TO watcher_{name}")
    query(old, "CREATE VIEW faults AS SELECT count(*) AS count FROM inconsistencias")
    with contextlib.closing(PostgresLedger(old)) as ledger:
        assert ledger.audit().problems == []
    assert query(old, "SELECT count FROM faults") == [(0,)]
    can_read = f"SELECT has_table_privilege('watcher_{name}', 'inconsistencias', 'SELECT')"
    assert query(old, can_read) == [(True,)]


def test_tables_stay_in_their_schema(server: Server, old: ServerUrl) -> None:
    """A schema that is first in the search path, such as one of the role's name that was added
    later, is not taken for that of the ledger: by an upgrade, an audit or a start."""
    server.query("CREATE SCHEMA rinha AUTHORIZATION rinha", name_of(old))
    with contextlib.closing(PostgresLedger(old)) as ledger:
        assert ledger.audit().problems == []
    with contextlib.closing(PostgresLedger(old, create=False)) as ledger:
        assert ledger.audit().problems == []
    others = "SELECT relname FROM pg_class WHERE relnamespace = 'rinha'::regnamespace"
    assert query(old, others) == []
