"""A ledger on PostgreSQL: accepted servers, one clear line for each error, no password shown."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rinha.crebitos.messages import Transacao
from rinha.errors import SettingError, StoreBusyError, StoreUnavailableError, StoreUnusableError
from tests.help.commands import assert_refused
from tests.help.forks import run_at_once
from tests.help.ledgers import AnyLedger, open_ledger, query
from tests.help.postgres import PASSWORD, Server
from tests.help.running import finish, rinha

CREDIT = Transacao(1, "c", "abc")


@pytest.fixture
def address(server: Server) -> str:
    return server.new_database()


@pytest.fixture
def ledger(address: str) -> Iterator[AnyLedger]:
    opened = open_ledger(address)
    yield opened
    opened.close()


def by_network(server: Server, address: str) -> str:
    return address.replace(str(server.data), "127.0.0.1")


def run(*words: str, **environment: str) -> tuple[int, str, str]:
    return finish(rinha(*words, **environment))


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("CREATE TABLE clientes (nome TEXT)", "not a ledger's"),
        ("CREATE TABLE transacoes (nome TEXT)", "already exists"),
        ("CREATE VIEW saldos AS SELECT 1 AS a", "already exists"),
        (
            "CREATE TABLE clientes (); COMMENT ON TABLE clientes IS 'rinha ledger, version 3'",
            "version 3, this program knows 2",
        ),
    ],
)
def test_another_programs_tables_are_left_alone(address: str, script: str, complaint: str) -> None:
    """A database with foreign or newer tables is refused and left unchanged."""
    query(address, script)
    before = query(address, "SELECT relname FROM pg_class ORDER BY 1")
    with pytest.raises(StoreUnusableError, match=complaint):
        open_ledger(address)
    assert query(address, "SELECT relname FROM pg_class ORDER BY 1") == before


def test_looking_inside_makes_nothing(address: str) -> None:
    """`check` on a database without a ledger is an error and makes no table."""
    assert_refused(run("check", RINHA_LEDGER=address), "no ledger")
    assert query(address, "SELECT to_regclass('clientes')") == [(None,)]


def make_at_once(address: str) -> None:
    ledger = open_ledger(address)
    ledger.transact(1, CREDIT)
    ledger.close()


def test_instances_that_start_at_once_make_one_ledger(server: Server) -> None:
    """Races of four processes for an empty database each make one sound ledger."""
    for _ in range(5):
        address = server.new_database()
        run_at_once(make_at_once, [(address,)] * 4)
        ledger = open_ledger(address)
        assert ledger.extrato(1).saldo.total == 4
        assert ledger.audit().problems == []
        ledger.close()


@pytest.mark.parametrize(
    ("setting", "value"), [("fsync", "off"), ("synchronous_commit", "off|local|remote_write")]
)
def test_a_server_that_may_forget_is_refused(
    server: Server, address: str, setting: str, value: str
) -> None:
    """A server with settings that may lose an acknowledged commit is refused."""
    open_ledger(address).close()
    before = server.query(f"SHOW {setting}")[0][0]
    try:
        for each in value.split("|"):
            server.set(setting, each)
            with pytest.raises(StoreUnusableError, match=f"{setting} is {each}, and must be"):
                open_ledger(address)
    finally:
        server.set(setting, before)


def test_another_encoding_is_refused(server: Server) -> None:
    """A database without UTF-8 is refused: a description may be of any script."""
    server.query(
        "CREATE DATABASE latin OWNER rinha ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"
    )
    with pytest.raises(StoreUnusableError, match="server_encoding is LATIN1"):
        open_ledger(server.address("latin"))


def test_a_server_that_is_not_there_is_one_line(server: Server, address: str) -> None:
    """An unreachable server gives one line that names each host and its error, and no password."""
    refused = "Connection refused"
    complaints = {
        server.address("none"): 'database "none" does not exist',
        address.replace("rinha@", "nobody@"): 'role "nobody" does not exist',
        "postgresql://rinha@127.0.0.1:1/rinha": f"127.0.0.1:1: .* {refused}",
        "postgresql://rinha@127.0.0.1:1,127.0.0.1:2/rinha": f"127.0.0.1:2: .* {refused}",
        "postgresql://rinha@nowhere.invalid/rinha": "nowhere.invalid: ",
        by_network(server, address): 'password authentication failed for user "rinha"',
    }
    secret = {"PGPASSWORD": "secret-and-wrong"}
    starts = [rinha("serve", RINHA_LEDGER=each, **secret) for each in complaints]
    for process, complaint in zip(starts, complaints.values(), strict=True):
        err = assert_refused(finish(process))
        assert re.search(complaint, json.loads(err)["reason"])
        assert "secret" not in err


def test_without_psycopg_the_start_says_what_to_install(tmp_path: Path) -> None:
    """Without psycopg an address of PostgreSQL gives one line on what to install; a file works."""
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['psycopg'] = None")
    without = {"PYTHONPATH": str(tmp_path)}
    assert_refused(
        run("init", RINHA_LEDGER="postgresql://rinha@localhost/rinha", **without),
        "needs psycopg 3: stack/setup.sh postgres",
    )
    assert run("init", RINHA_LEDGER=str(tmp_path / "rinha.db"), **without)[0] == 0


def test_a_file_never_loads_psycopg(tmp_path: Path) -> None:
    """A ledger in a file does not load psycopg."""
    program = (
        "import sys; from rinha.__main__ import open_store; from rinha import settings\n"
        f"open_store(settings.load({{'RINHA_LEDGER': '{tmp_path}/rinha.db'}}), create=True)\n"
        "print([name for name in sys.modules if 'psycopg' in name or 'rinha.postgres' in name])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("how", ["PGPASSWORD", "PGPASSFILE"])
def test_passwords_come_from_where_libpq_looks(
    server: Server, address: str, tmp_path: Path, how: str
) -> None:
    """Passwords come from the environment or a passfile, and no output or process list has them."""
    passfile = tmp_path / "passfile"
    escaped = PASSWORD.replace(":", r"\:")
    passfile.write_text(f"127.0.0.1:*:*:rinha:{escaped}\n")
    passfile.chmod(0o600)
    told = {"RINHA_LEDGER": by_network(server, address)}
    told[how] = PASSWORD if how == "PGPASSWORD" else str(passfile)
    socket = tmp_path / "api.sock"
    process = rinha("serve", **told, RINHA_LISTEN=f"unix:{socket}", RINHA_LOG_LEVEL="debug")
    while not socket.exists():
        assert process.poll() is None, finish(process)
        time.sleep(0.02)
    shown = Path(f"/proc/{process.pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    assert "serve" in shown
    process.terminate()
    said = [shown, *map(str, finish(process))]
    said += map(str, run("check", **told))
    said += map(str, run("sql", "SELECT 'seen'", **told))
    assert "seen" in said[-2]
    assert not any(PASSWORD in text for text in said)


def test_a_row_that_somebody_holds_is_a_refusal_in_time(ledger: AnyLedger, address: str) -> None:
    """A locked row is refused in time; nothing is written, reads go on, and later writes work."""
    words = [
        "psql",
        "-qAt",
        "-X",
        address,
        "-c",
        "BEGIN",
        "-c",
        "UPDATE clientes SET saldo = saldo",
    ]
    words += ["-c", "SELECT 'held'", "-c", "SELECT pg_sleep(60)"]
    holder = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    started = time.monotonic()
    with pytest.raises(StoreBusyError, match="nothing was written"):
        ledger.transact(1, CREDIT)
    assert time.monotonic() - started < 2.5
    assert ledger.extrato(1).saldo.total == 0
    query(address, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE pid <> pg_backend_pid()")
    holder.wait()
    assert ledger.transact(1, CREDIT).saldo == 1


@pytest.mark.parametrize("sqlstate", ["40001", "40P01"])
def test_what_the_server_undid_is_repeated(ledger: AnyLedger, address: str, sqlstate: str) -> None:
    """A transaction is repeated after a serialization failure or a deadlock."""
    stumble(address, sqlstate, "nextval('tries') < 4")
    assert ledger.transact(1, CREDIT).saldo == 1
    assert query(address, "SELECT last_value FROM tries") == [(4,)]


def test_what_goes_on_to_be_undone_is_a_refusal(ledger: AnyLedger, address: str) -> None:
    """A transaction that fails each time is tried ten times and then refused."""
    stumble(address, "40001", "nextval('tries') > 0")
    with pytest.raises(StoreBusyError, match="nothing was written"):
        ledger.transact(1, CREDIT)
    assert query(address, "SELECT last_value FROM tries") == [(10,)]
    assert ledger.extrato(1).saldo.total == 0


@pytest.mark.parametrize("sqlstate", ["57014", "53100", "XX000"])
def test_nothing_else_is_repeated(ledger: AnyLedger, address: str, sqlstate: str) -> None:
    """After any other database error the transaction is not repeated."""
    stumble(address, sqlstate, "nextval('tries') > 0")
    with pytest.raises(StoreUnavailableError, match="nothing was written"):
        ledger.transact(1, CREDIT)
    assert query(address, "SELECT last_value FROM tries") == [(1,)]


def stumble(address: str, sqlstate: str, when: str) -> None:
    query(
        address,
        f"""
        CREATE SEQUENCE tries;
        CREATE FUNCTION stumble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF {when} THEN RAISE EXCEPTION 'stumbled' USING ERRCODE = '{sqlstate}'; END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER stumble BEFORE INSERT ON transacoes FOR EACH ROW EXECUTE FUNCTION stumble()
        """,
    )


def test_a_snapshot_is_for_pg_restore(
    server: Server, ledger: AnyLedger, address: str, tmp_path: Path
) -> None:
    """A snapshot that pg_restore restores elsewhere is the same ledger, and sound."""
    ledger.transact(1, Transacao(7, "d", "a\0␛b"))
    copy = tmp_path / "copy.dump"
    assert run("snapshot", str(copy), RINHA_LEDGER=address) == (0, f"{copy}\n", "")
    assert_refused(run("snapshot", str(copy), RINHA_LEDGER=address))
    other = server.new_database()
    subprocess.run(["pg_restore", "-d", other, copy], check=True)
    restored = open_ledger(other)
    assert restored.audit() == ledger.audit()
    assert restored.extrato(1).ultimas_transacoes == ledger.extrato(1).ultimas_transacoes
    restored.close()


@pytest.mark.parametrize(
    "environment", [{"RINHA_SYNCHRONOUS": "FULL"}, {"RINHA_LOCK_WAIT_MS": "9"}]
)
def test_settings_of_a_file_are_refused(environment: dict[str, str]) -> None:
    """Settings that only SQLite has are refused for a server, not ignored."""
    assert_refused(
        run("init", RINHA_LEDGER="postgresql://rinha@/rinha", **environment),
        next(iter(environment)),
    )


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://rinha@localhost/rinha?nonsense=1",
        "postgresql://rinha@localhost/rinha?target_session_attrs=any",
        "postgresql://rinha@localhost/rinha?host=a,b&port=1,2,3",
    ],
)
def test_an_address_that_makes_no_sense_is_a_wrong_setting(address: str) -> None:
    """A wrong address is a SettingError, before any connection is tried."""
    with pytest.raises(SettingError, match="RINHA_LEDGER must"):
        open_ledger(address)
