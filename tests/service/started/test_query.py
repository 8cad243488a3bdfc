"""Queries that fail in the shell of `rinha sql`."""

from pathlib import Path

import pytest

from tests.help.running import finish, rinha


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("UPDATE clientes SET limite = -1", "CHECK constraint failed"),
        ("INSERT INTO clientes (cliente, limite) VALUES (1, 1)", "UNIQUE constraint failed"),
        ("SELECT '\udcff'", "surrogates not allowed"),
        (".nothing", "nothing"),
        ("SELECT no", "no such column"),
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
