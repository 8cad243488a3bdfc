"""Ledgers that older programs wrote: they open as they were, and a start upgrades them."""

import contextlib
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from rinha.address import ServerUrl, ledger_of
from rinha.crebitos.messages import Transacao
from rinha.crebitos.on_postgres import PostgresLedger
from rinha.crebitos.on_sqlite import SqliteLedger
from rinha.crebitos.on_sqlite_restore import restore
from rinha.errors import SnapshotError, StoreUnusableError
from rinha.pessoas.on_sqlite import SqliteRegistry
from rinha.schema_versions import after, up_to
from rinha.settings import load
from rinha.sqlite.schema import READ_SCHEMA
from tests.help.effort import effort
from tests.help.ledger_process import LedgerProcess, kill_at_points
from tests.help.ledgers import AnyLedger, open_file, open_ledger, query
from tests.help.old_program import OldProgram, RefusedByOldError
from tests.help.postgres import Server
from tests.help.running import ROOT

LEDGERS = Path(__file__).with_name("ledgers")
PROGRAMS = sorted(path.name for path in LEDGERS.iterdir() if path.is_dir())
EVERYTHING = (
    "SELECT cliente, limite, saldo, transacoes FROM clientes ORDER BY cliente",
    "SELECT * FROM transacoes ORDER BY cliente, sequencia",
    "SELECT * FROM livro ORDER BY cliente, sequencia",
)
CREDIT = Transacao(1, "c", "abc")
VERSION = "PRAGMA user_version"


@pytest.fixture(params=PROGRAMS)
def program(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def old(program: str, tmp_path: Path) -> Path:
    """A copy of an older program's ledger file."""
    return Path(shutil.copy(LEDGERS / program / "crebitos.db", tmp_path / "rinha.db"))


@pytest.fixture
def address(program: str, engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """Address of an older program's ledger, on each engine."""
    if engine == "sqlite":
        return shutil.copy(LEDGERS / program / "crebitos.db", str(tmp_path / "rinha.db"))
    server: Server = request.getfixturevalue("server")
    address = server.new_database()
    query(address, (LEDGERS / program / "crebitos.sql").read_text())
    return address


@contextlib.contextmanager
def opened(address: str) -> Iterator[AnyLedger]:
    with contextlib.closing(open_ledger(address)) as ledger:
        yield ledger


def content(address: str) -> list[object]:
    return [query(address, sql) for sql in EVERYTHING]


def snapshots(folder: Path) -> list[Path]:
    return sorted(folder.glob("rinha.db.version-*"))


def test_a_start_upgrades_a_ledger(address: str) -> None:
    """After the upgrade every row is as before, the audit passes, and keys work."""
    before = content(address)
    assert len(before[1]) > 40  # type: ignore[arg-type]
    with opened(address) as ledger:
        assert content(address) == before
        assert ledger.audit().problems == []
        saldo = ledger.extrato(1).saldo.total
        assert [ledger.transact_once(1, CREDIT, "k").saldo for _ in range(2)] == [saldo + 1] * 2
        assert ledger.audit().problems == []
    with opened(address) as again:
        assert again.transact_once(1, CREDIT, "k").saldo == saldo + 1


def test_an_upgraded_file_has_the_schema_of_a_new_one(old: Path, tmp_path: Path) -> None:
    """An upgraded file is told from a new one by nothing, to the letter of its definitions."""
    open_file(old).close()
    open_file(tmp_path / "new.db").close()
    both = (str(old), str(tmp_path / "new.db"))
    upgraded, new = ([query(file, READ_SCHEMA), query(file, VERSION)] for file in both)
    assert upgraded == new


def test_a_registry_of_an_older_program_opens(program: str, tmp_path: Path) -> None:
    """The registry's version is the same as then: it is left as it is."""
    file = Path(shutil.copy(LEDGERS / program / "pessoas.db", tmp_path / "pessoas.db"))
    registry = SqliteRegistry(file, synchronous="FULL", lock_wait_s=1)
    assert registry.audit().problems == []
    assert query(str(file), "SELECT count(*) FROM pessoas") == [(20,)]
    registry.close()


def test_the_snapshot_is_the_ledger_before(old: Path) -> None:
    """The snapshot beside the file is a ledger of the old version, with everything, for its owner
    only where the umask says so."""
    before = content(str(old))
    open_file(old).close()
    (snapshot,) = snapshots(old.parent)
    assert re.fullmatch(r"rinha\.db\.version-1\.\d{8}T\d{6}Z", snapshot.name)
    assert query(str(snapshot), VERSION) == [(1,)]
    assert content(str(snapshot)) == before
    open_file(old).close()
    assert len(snapshots(old.parent)) == 1, "the second start upgraded again"


def test_check_and_snapshot_read_an_older_file(old: Path, tmp_path: Path) -> None:
    """A command that only reads upgrades nothing, and its audit compares with the old schema."""
    with contextlib.closing(open_file(old, create=False)) as ledger:
        assert ledger.audit().problems == []
        ledger.engine.snapshot(tmp_path / "copy.db")
        with pytest.raises(StoreUnusableError, match="version 1: `rinha init`"):
            ledger.content.begin_move()
    for each in (old, tmp_path / "copy.db"):
        assert query(str(each), VERSION) == [(1,)]
    query(str(old), "CREATE TABLE chaves (chave TEXT)")
    with contextlib.closing(open_file(old, create=False)) as ledger:
        assert any("schema" in each for each in ledger.audit().problems)


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_check_reads_older_tables(address: str) -> None:
    """On a server too a command that only reads upgrades nothing."""
    where = ledger_of(address)
    assert isinstance(where, ServerUrl)
    with contextlib.closing(PostgresLedger(where, create=False)) as ledger:
        assert ledger.audit().problems == []
        with pytest.raises(StoreUnusableError, match="version 1: `rinha init`"):
            ledger.content.begin_move()
    assert query(address, "SELECT to_regclass('chaves')") == [(None,)]
    query(address, "ALTER TABLE transacoes DROP CONSTRAINT transacoes_tipo_check")
    with contextlib.closing(PostgresLedger(where, create=False)) as ledger:
        assert ledger.audit().problems == ["schema: transacoes is not as this program ships it"]


def test_without_a_snapshot_there_is_no_upgrade(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the snapshot fails, `rinha init` fails and the ledger is as it was."""
    monkeypatch.setattr(Path, "rename", _no_space)
    with pytest.raises(SnapshotError, match="No space left"):
        open_file(old)
    monkeypatch.undo()
    assert query(str(old), VERSION) == [(1,)]
    open_file(old).close()
    assert query(str(old), VERSION) == [(2,)]


def _no_space(_path: Path, _target: Path) -> None:
    raise OSError(28, "No space left on device")


def test_a_newer_ledger_is_refused(address: str) -> None:
    """A ledger of a newer program is refused, and left as it is."""
    open_ledger(address).close()
    newer = "PRAGMA user_version = 3"
    if "://" in address:
        newer = "COMMENT ON TABLE clientes IS 'rinha ledger, version 3'"
    query(address, newer)
    before = content(address)
    with pytest.raises(StoreUnusableError, match="version 3, this program knows 2 and older"):
        open_ledger(address)
    assert content(address) == before


def test_an_older_snapshot_can_be_restored(old: Path, tmp_path: Path) -> None:
    """A restored snapshot of an older program is upgraded by the next start."""
    file = tmp_path / "other.db"
    open_file(file).close()
    restore(load({"RINHA_LEDGER": str(file)}), old, None)
    assert query(str(file), VERSION) == [(1,)]
    ledger = open_file(file)
    assert ledger.audit().problems == []
    ledger.transact_once(1, CREDIT, "k")
    ledger.close()
    assert content(str(old)) != content(str(file))


def test_the_parts_of_a_schema_are_the_whole() -> None:
    """Version 1 and what came after it are the shipped text."""
    text = (ROOT / "schema.sql").read_text()
    assert up_to(1, text) + after(1, text) == text == up_to(2, text) == after(0, text)
    assert "CREATE TABLE transacoes" in up_to(1, text)
    assert "CREATE TABLE chaves" in after(1, text)
    assert after(2, text) == up_to(0, text) == ""


@pytest.mark.parametrize("beside", ["nobody", "an instance"])
def test_an_upgrade_killed_anywhere_is_whole_or_not_there(tmp_path: Path, beside: str) -> None:
    """A process killed at any system call of an upgrade leaves a ledger with every row, that the
    next start upgrades. Before that an older program can start on it, unless it is upgraded."""
    source = LEDGERS / PROGRAMS[0] / "crebitos.db"
    before = content(str(source))
    instances: dict[Path, SqliteLedger] = {}

    def begin(file: Path) -> LedgerProcess:
        shutil.copy(source, file)
        if beside == "an instance":
            old = OldProgram(file)
            instances[file] = open_file(file)
            old.close()
        return LedgerProcess(file, "FULL")

    def is_sound(file: Path, _worker: LedgerProcess) -> bool:
        _assert_older_program_starts_on_version_1(file)
        if instance := instances.pop(file, None):
            assert instance.extrato(1).saldo.limite == 100_000
            instance.close()
        with contextlib.closing(open_file(file, "FULL", 1)) as ledger:
            return ledger.audit().problems == [] and content(str(file)) == before

    kill_at_points(
        tmp_path, effort(12, 1, 1), begin, lambda worker: worker.tell("open") == "done", is_sound
    )
    assert apsw.Connection(str(tmp_path / "0.db")).pragma("user_version") == 2


def _assert_older_program_starts_on_version_1(file: Path) -> None:
    if query(str(file), VERSION) == [(1,)]:
        old = OldProgram(file)
        assert old.problems() == []
        old.close()
    else:
        with pytest.raises(RefusedByOldError):
            OldProgram(file)
