"""Sessions on PostgreSQL under settings of the server, and addresses that name no host."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable

import psycopg
import pytest

from rinha.address import ServerUrl
from rinha.crebitos import on_postgres_audit
from rinha.crebitos.ledger import TABLES
from rinha.crebitos.messages import Transacao
from rinha.crebitos.on_postgres import PostgresLedger
from rinha.errors import (
    OutcomeUnknownError,
    SettingError,
    StoreBusyError,
    StoreUnavailableError,
    StoreUnusableError,
)
from rinha.postgres import primary
from rinha.postgres.hosts import Host, hosts_of
from rinha.postgres.search import Search
from rinha.postgres.session import LostError, Session
from stack.part import wait_until
from tests.help.ledgers import query
from tests.help.postgres import START_MAX_S, Server
from tests.help.postgres_pair import WAITS
from tests.help.running import finish, rinha

TIMEOUTS = (
    "statement_timeout",
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
)
LONGER_S = 0.6
CREDIT = Transacao(1, "c", "abc")
SLOW_DELETE = """
    CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql
        AS 'BEGIN PERFORM pg_sleep(30); RETURN NULL; END';
    CREATE TRIGGER slow BEFORE DELETE ON clientes EXECUTE FUNCTION slow()
"""


def test_timeouts_of_the_server_end_no_audit(server: Server) -> None:
    """An audit or a move takes longer than the server's timeouts allow, and is idle in between."""
    name = server.new_name()
    for timeout in TIMEOUTS:
        server.query(f"ALTER DATABASE {name} SET {timeout} TO '{LONGER_S / 2}s'")
    with contextlib.closing(PostgresLedger(ServerUrl(server.address(name)))) as ledger:
        with ledger.engine.reading() as (problems, run):
            run(f"SELECT pg_sleep({LONGER_S})")
            time.sleep(LONGER_S)
            assert run("SELECT count(*) FROM clientes") == [(b"5",)]
        time.sleep(LONGER_S)
        assert problems == ledger.audit().problems == []


def test_tables_are_the_same_in_each_locale(server: Server) -> None:
    """The schema is read as UTF-8: a description may have ten characters that are escaped."""
    address = server.new_database()
    locale = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    assert finish(rinha("init", RINHA_LEDGER=address, **locale))[0] == 0
    with contextlib.closing(PostgresLedger(ServerUrl(address))) as ledger:
        assert ledger.transact(1, Transacao(1, "c", "\0" * 10)).saldo == 1
        assert ledger.audit().problems == []


def test_a_reset_that_takes_too_long_ends_on_the_server(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server ends it and writes nothing, before the outcome would be unknown; no lock stays."""
    monkeypatch.setattr(primary, "REWRITE_STATEMENT_MAX_S", 0.3)
    address = ServerUrl(server.new_database())
    with contextlib.closing(PostgresLedger(address)) as ledger:
        query(address, SLOW_DELETE)
        ledger.transact(1, CREDIT)
        with pytest.raises(StoreUnavailableError, match="nothing was written"):
            ledger.reset()
        assert ledger.transact(1, CREDIT).saldo == 2


def test_the_log_says_why_no_server_is_found(server: Server) -> None:
    """The error of a request while no server accepts the instance has each server's reason."""
    name = server.new_name()
    with contextlib.closing(PostgresLedger(ServerUrl(server.address(name)))) as ledger:
        server.query(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        server.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'rinha'"
        )
        server.wait_for("SELECT count(*) = 0 FROM pg_stat_activity WHERE usename = 'rinha'")

        def reason() -> str:
            with pytest.raises(StoreUnavailableError) as found:
                ledger.extrato(1)
            return str(found.value.__cause__)

        assert wait_until(lambda: "not currently accepting connections" in reason(), START_MAX_S)


def test_a_setting_that_is_refused_is_the_reason() -> None:
    """Why a server came back unfit, such as with fsync off, replaces its reason from before."""
    errors: list[Exception] = [LostError("refused", asked=False), StoreUnusableError("a:1: fsync")]

    def meet(_host: Host, _note: Callable[[str], object]) -> Session:
        raise errors.pop(0) if len(errors) > 1 else errors[0]

    search = Search([{"host": "a", "port": "1"}], meet)
    with contextlib.closing(search):
        assert wait_until(lambda: search.reasons() == "a:1: fsync", START_MAX_S), search.reasons()
        assert str(search.verdict) == "a:1: fsync"


def test_a_server_that_waits_for_its_standby_is_the_reason(server: Server) -> None:
    """A server whose standby is away accepts connections and no commit: the error says so."""
    address = server.new_database()
    server.set("synchronous_standby_names", "nobody")
    try:
        with pytest.raises(StoreUnusableError, match=f"{server.port}: waits for its synchronous"):
            PostgresLedger(ServerUrl(address))
    finally:
        server.set("synchronous_standby_names", "")


def test_a_move_whose_waits_are_cancelled_is_no_success(server: Server) -> None:
    """No standby has confirmed its commit or the proof after it: its outcome is unknown."""
    ended = threading.Event()

    def cancel_waits() -> None:
        while not ended.wait(0.01):
            server.query(f"SELECT pg_cancel_backend(pid) {WAITS}")

    with contextlib.closing(PostgresLedger(ServerUrl(server.new_database()))) as ledger:
        server.set("synchronous_standby_names", "nobody")
        cancelling = threading.Thread(target=cancel_waits)
        cancelling.start()
        try:
            with pytest.raises(OutcomeUnknownError), ledger.content.transaction():
                ledger.content.fill(TABLES[1], [(1, 1, 5, "c", "abc", 0)])
        finally:
            ended.set()
            cancelling.join()
            server.set("synchronous_standby_names", "")


def test_an_interrupted_audit_ends_here_and_on_the_server(server: Server) -> None:
    """Ctrl-C is no problem of the ledger, and the server does not go on with a long query."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGUSR1, interrupt)
    name = server.new_name()
    working = f"FROM pg_stat_activity WHERE datname = '{name}' AND state = 'active'"
    ledger = PostgresLedger(ServerUrl(server.address(name)))

    def kill() -> None:
        server.wait_for(f"SELECT count(*) = 1 {working}")
        os.kill(os.getpid(), signal.SIGUSR1)

    killing = threading.Thread(target=kill)

    def audit() -> None:
        with ledger.engine.reading() as (_, run):
            killing.start()
            run(f"SELECT pg_sleep({3 * START_MAX_S})")

    try:
        with pytest.raises(KeyboardInterrupt):
            audit()
        server.wait_for(f"SELECT count(*) = 0 {working}")
    finally:
        killing.join()
        signal.signal(signal.SIGUSR1, before)
        ledger.close()


def test_an_audit_of_a_locked_or_lost_server_has_no_verdict(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another session's lock, as of VACUUM FULL, and a failover are no problems of the ledger."""
    address = server.new_database()
    with contextlib.closing(PostgresLedger(ServerUrl(address))) as ledger:
        with psycopg.connect(address) as other:
            other.execute("LOCK TABLE transacoes IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(StoreBusyError, match="busy for 1 s"):
                ledger.audit()
        assert ledger.audit().problems == []
        end = {1: "SELECT pg_terminate_backend(pg_backend_pid())"}
        monkeypatch.setattr(on_postgres_audit, "PROBLEMS", end)
        with pytest.raises(StoreUnavailableError, match="server was lost"):
            ledger.audit()


@pytest.mark.parametrize("sqlstate", ["53100", "57014"])
def test_an_audit_that_a_server_cannot_end_has_no_verdict(
    server: Server, monkeypatch: pytest.MonkeyPatch, sqlstate: str
) -> None:
    """A full disk for temporary files, and pg_cancel_backend, are no problems of the ledger."""
    with contextlib.closing(PostgresLedger(ServerUrl(server.new_database()))) as ledger:
        end = {1: f"DO $$BEGIN RAISE SQLSTATE '{sqlstate}'; END$$"}
        monkeypatch.setattr(on_postgres_audit, "PROBLEMS", end)
        with pytest.raises(StoreUnavailableError, match=f"not ended the audit.*{sqlstate}"):
            ledger.audit()


def test_an_interrupted_move_has_a_known_outcome(server: Server) -> None:
    """Ctrl-C while rows are read back undoes the move, and is not reported as a lost server."""
    with contextlib.closing(PostgresLedger(ServerUrl(server.new_database()))) as ledger:

        def interrupted() -> None:
            with ledger.content.transaction():
                rows = ledger.content.rows(TABLES[0])
                next(rows)
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            interrupted()
        assert ledger.transact(1, CREDIT).saldo == 1


@pytest.mark.parametrize("name", ["caf%E9@localhost/rinha", "localhost/rinha?passfile=/%ff"])
def test_an_address_with_other_bytes_than_utf_8_is_refused(name: str) -> None:
    """Escaped bytes that are not UTF-8, as of a folder of an old system, are no traceback."""
    with pytest.raises(SettingError, match="RINHA_LEDGER must be in UTF-8"):
        hosts_of(f"postgresql://{name}")


@pytest.mark.parametrize("host", ["node1..example", "a" * 64])
def test_a_name_that_no_host_can_have_is_an_error(host: str) -> None:
    """An address whose host has an empty or a too long part is refused in one sentence."""
    with pytest.raises(StoreUnusableError, match=f"no primary: {host}: .* empty or too long"):
        PostgresLedger(ServerUrl(f"postgresql://rinha@{host}/rinha"))
