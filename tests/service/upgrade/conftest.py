"""A ledger that an older program uses."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from rinha.crebitos.on_sqlite import SqliteLedger
from tests.help.ledgers import open_file
from tests.help.old_program import OLD_LEDGER, OldProgram


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A ledger of version 1."""
    copy = tmp_path / "rinha.db"
    copy.write_bytes(OLD_LEDGER.read_bytes())
    return copy


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    """A snapshot of version 1. A copy, as SQLite writes files beside what it reads."""
    (tmp_path / "out").mkdir()
    copy = tmp_path / "out" / "snapshot.db"
    copy.write_bytes(OLD_LEDGER.read_bytes())
    return copy


@pytest.fixture
def old(file: Path) -> Iterator[OldProgram]:
    """An older program that uses the ledger until the test closes it."""
    program = OldProgram(file)
    yield program
    with contextlib.suppress(OSError):
        program.close()


@pytest.fixture
def ledger(file: Path, old: OldProgram) -> Iterator[SqliteLedger]:
    """An instance that was started beside the older program."""
    with contextlib.closing(open_file(file)) as opened:
        yield opened
