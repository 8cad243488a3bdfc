"""Queries in the shell of `rinha sql` that fail, alone or in a script, and one that replaces."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rinha.pessoas.messages import decode_pessoa
from rinha.pessoas.on_sqlite import SqliteRegistry
from tests.help.running import ROOT, finish, rinha
from tests.help.terminal import on_terminal


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("UPDATE clientes SET limite = -1", "CHECK constraint failed"),
        ("INSERT INTO clientes (cliente, limite) VALUES (1, 1)", "UNIQUE constraint failed"),
        ("SELECT '\udcff'", "surrogates not allowed"),
        (".nothing", "nothing"),
        ("SELECT no", "no such column"),
        ("ANALYZE", "ANALYZE is refused"),
        (f".read {sys.executable}", "codec can't decode"),
    ],
)
def test_a_failed_query_ends_without_a_traceback(tmp_path: Path, sql: str, reason: str) -> None:
    """`rinha sql` says why a query failed, and exits with 1."""
    file = str(tmp_path / "rinha.db")
    finish(rinha("init", RINHA_LEDGER=file))
    code, out, err = finish(rinha("sql", sql, RINHA_LEDGER=file))
    assert (code, out) == (1, "")
    assert reason in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("failing", "reason"),
    [
        (b"SELECT no;", "no such column"),
        (b"SELECT '\xff';", "surrogates not allowed"),
        (b".nothing", "nothing"),
    ],
)
def test_a_script_on_a_pipe_ends_at_its_first_failure(
    tmp_path: Path, failing: bytes, reason: str
) -> None:
    """`rinha sql` runs no statement after one that failed, commits no half of a transaction, and
    exits with 1, as psql does where the ledger is on a server."""
    file = tmp_path / "rinha.db"
    finish(rinha("init", RINHA_LEDGER=str(file)))
    script = b"BEGIN; UPDATE clientes SET limite = 1;\n" + failing + b"\nCOMMIT; SELECT 'ended';"
    done = subprocess.run(
        [sys.executable, "-m", "rinha", "sql"],
        cwd=ROOT,
        env={**os.environ, "RINHA_LEDGER": str(file)},
        input=script,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, b"")
    assert reason in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()
    limites = finish(rinha("sql", "SELECT max(limite) FROM clientes", RINHA_LEDGER=str(file)))
    assert limites == (0, "10000000\n", "")


@pytest.mark.parametrize("name", ["file:rinha.db", "-rinha.db"])
def test_a_query_reads_the_ledger_of_any_name(tmp_path: Path, name: str) -> None:
    """A name that is an option or a URI for the shell is the ledger's file all the same."""
    environment = {**os.environ, "RINHA_LEDGER": name, "PYTHONPATH": str(ROOT)}
    for command in (["init"], ["sql", "SELECT count(*) FROM clientes"]):
        out = subprocess.check_output(
            [sys.executable, "-m", "rinha", *command], cwd=tmp_path, env=environment, text=True
        )
    assert out == "5\n"


def test_a_shell_ends_well_without_a_home(tmp_path: Path) -> None:
    """A shell whose history cannot be written, as in a container, exits with 0."""
    settings = {"RINHA_LEDGER": str(tmp_path / "rinha.db"), "HOME": str(tmp_path / "missing")}
    finish(rinha("init", **settings))
    code, shown = on_terminal(
        (sys.executable, "-m", "rinha", "sql"), wait_for="sqlite>", keys=".exit\n", **settings
    )
    assert (code, "rinha sql:" in shown) == (0, False)


def test_a_search_sees_what_a_query_replaced(tmp_path: Path) -> None:
    """A REPLACE removes a row too, and so an instance reads all rows again."""
    file = tmp_path / "pessoas.db"
    registry = SqliteRegistry(file, synchronous="NORMAL", lock_wait_s=1.0)
    registry.add(decode_pessoa(b'{"apelido":"ana","nome":"Ana","nascimento":"2000-01-01"}'))
    assert len(registry.search("ana")) == 1
    replace = (
        "REPLACE INTO pessoas SELECT numero, id, apelido, 'Bia', nascimento, stack FROM pessoas"
    )
    done = finish(rinha("sql", replace, RINHA_LEDGER=str(file), RINHA_EDITION="pessoas"))
    assert done == (0, "", "")
    assert [each.nome for each in registry.search("bia")] == ["Bia"]
    registry.close()
