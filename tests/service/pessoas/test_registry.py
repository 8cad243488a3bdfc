"""The registry on SQLite: unique apelidos, searches and the audit."""

import datetime
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from rinha.crebitos.on_sqlite import SqliteLedger
from rinha.errors import StoreUnavailableError, StoreUnusableError
from rinha.pessoas.ids import new_id
from rinha.pessoas.messages import Pessoa
from rinha.pessoas.on_sqlite import NEWER_ROWS, SqliteRegistry
from rinha.pessoas.registry import ApelidoTakenError, UnknownPessoaError

DAY = datetime.date(1985, 9, 23)


def opened(file: Path, *, create: bool = True) -> SqliteRegistry:
    return SqliteRegistry(file, synchronous="NORMAL", lock_wait_s=0.2, create=create)


def pessoa(apelido: str, nome: str = "Ana Barbosa", stack: list[str] | None = None) -> Pessoa:
    return Pessoa(apelido, nome, DAY, stack)


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[SqliteRegistry, SqliteRegistry]]:
    """Two registries on one file, as two instances open it."""
    both = opened(tmp_path / "rinha.db"), opened(tmp_path / "rinha.db")
    yield both
    for each in both:
        each.close()


@pytest.fixture
def registry(two: tuple[SqliteRegistry, SqliteRegistry]) -> SqliteRegistry:
    return two[0]


Two = tuple[SqliteRegistry, SqliteRegistry]


def found(registry: SqliteRegistry, termo: str) -> list[str]:
    return [one.apelido for one in registry.search(termo)]


def test_an_added_person_is_found_by_the_other_instance(two: Two) -> None:
    """A person that one instance added is found at once by the other: by id, term and count."""
    here, there = two
    added = here.add(pessoa("ana", "Ana Barbosa", ["C#", "Node"]))
    assert there.find(added.id) == added
    for termo in ("ana", "BARBOSA", "node"):
        assert there.search(termo) == [added]
    assert (there.count(), there.search("x")) == (1, [])
    with pytest.raises(UnknownPessoaError):
        there.find(added.id[:-1])


def test_an_apelido_is_taken_once_and_exactly(two: Two) -> None:
    """An apelido is unique over both instances; another case, accent or space makes another one."""
    here, there = two
    here.add(pessoa("ana"))
    for registry in two:
        with pytest.raises(ApelidoTakenError):
            registry.add(pessoa("ana", "Outra"))
    for other in ("Ana", "ána", "ana ", " ana", "ana\x00", "", "\x00"):
        there.add(pessoa(other))
    assert here.count() == 8
    assert here.audit() == ([], 8)


def test_search_keeps_up_with_all_changes(two: Two) -> None:
    """A search sees rows of the other instance, a reset, and changes made by hand."""
    here, there = two
    here.add(pessoa("ana"))
    assert found(there, "an") == ["ana"]
    there.reset()
    assert (found(here, "an"), here.count()) == ([], 0)
    for apelido in ("bia", "ana2", "ana3"):
        there.add(pessoa(apelido, "x"))
    assert found(here, "an") == ["ana2", "ana3"]
    hand = apsw.Connection(str(here.engine.path))
    hand.execute("UPDATE pessoas SET nome = 'Zélia' WHERE apelido = 'bia'")
    assert found(here, "zÉl") == ["bia"]
    hand.execute("DELETE FROM pessoas WHERE apelido = 'ana3'")
    hand.execute(
        "INSERT INTO pessoas SELECT 3, hex(randomblob(18)), 'ana4', 'x', '2000-01-01', NULL"
    )
    assert found(here, "an") == ["ana2", "ana4"]
    hand.close()


@pytest.mark.parametrize("stack", ["[1]", '["\\ud800"]', "{}", "C#"])
def test_a_stack_that_an_edit_broke_hides_nobody(registry: SqliteRegistry, stack: str) -> None:
    """Its person is found by the other words, and so are all others."""
    registry.add(pessoa("ana", stack=["Go"]))
    registry.add(pessoa("bia"))
    with apsw.Connection(str(registry.engine.path)) as hand:
        hand.execute("PRAGMA ignore_check_constraints = ON")
        hand.execute("UPDATE pessoas SET stack = ? WHERE apelido = 'ana'", (stack,))
    registry.get_ready()
    assert found(registry, "barbosa") == ["ana", "bia"]


def test_an_id_of_another_kind_hides_no_metric(registry: SqliteRegistry) -> None:
    """A row that was added by hand may have any id: the page and the metrics show it too."""
    values = (f"{'hand':-<36}", "ana", "Ana", "1985-09-23")
    with apsw.Connection(str(registry.engine.path)) as hand:
        hand.execute(
            "INSERT INTO pessoas (id, apelido, nome, nascimento) VALUES (?, ?, ?, ?)", values
        )
    assert [one.apelido for one in registry.overview().pessoas] == ["ana"]
    assert {"rows", "newest_commit_time_seconds"} <= {gauge.name for gauge in registry.gauges()}


def test_a_start_reads_more_than_once_at_a_time(registry: SqliteRegistry) -> None:
    """The first search after a start knows all rows, which are read in several batches."""
    count = 2 * NEWER_ROWS + 7
    with registry.engine.writing:
        registry.engine.connection.executemany(
            "INSERT INTO pessoas VALUES (?, ?, ?, 'Ana', '2000-01-01', NULL)",
            ((n, f"{n:036}", f"quem{n}") for n in range(1, count + 1)),
        )
    late = opened(registry.engine.path)
    late.get_ready()
    assert found(late, f"quem{count}") == [f"quem{count}"]
    assert len(late.search("quem")) == 50
    late.close()


def test_fifty_rows_and_in_the_order_in_which_they_came(registry: SqliteRegistry) -> None:
    """A search returns the first fifty rows, in the order of insertion."""
    for number in range(60):
        registry.add(pessoa(f"p{number}"))
    assert found(registry, "P") == [f"p{number}" for number in range(50)]
    assert found(registry, "p5") == ["p5", *(f"p{number}" for number in range(50, 60))]


def test_two_who_want_one_apelido_at_once(two: Two, tmp_path: Path) -> None:
    """Interleaved posts of one apelido on both instances: one succeeds, the others are refused."""
    taken = 0
    for number in range(50):
        for registry in (*two, *two):
            try:
                registry.add(pessoa(f"p{number}"))
            except ApelidoTakenError:
                taken += 1
    assert (taken, two[0].count()) == (150, 50)


def test_a_file_that_is_gone_is_an_error_with_a_name(registry: SqliteRegistry) -> None:
    """After the file was moved away, every operation raises StoreUnavailableError."""
    registry.engine.path.rename(registry.engine.path.with_name("elsewhere"))
    with pytest.raises(StoreUnavailableError):
        registry.assert_readable()
    for ask in (lambda: registry.add(pessoa("a")), lambda: registry.search("a"), registry.count):
        with pytest.raises(StoreUnavailableError):
            ask()


@pytest.mark.parametrize(
    ("harm", "complaint"),
    [
        ("UPDATE pessoas SET apelido = printf('%.33c', 'a')", "apelido is too long"),
        ("UPDATE pessoas SET apelido = char(0) || printf('%.200c', 'a')", "apelido is too long"),
        ("UPDATE pessoas SET nome = printf('%.101c', 'a')", "nome is too long"),
        ("UPDATE pessoas SET nascimento = '2023-02-29'", "no day of the calendar"),
        ("UPDATE pessoas SET nascimento = 'now'", "no day of the calendar"),
        ("UPDATE pessoas SET stack = '{}'", "stack is no list"),
        ("UPDATE pessoas SET stack = 'C#'", "stack is no list"),
        ("UPDATE pessoas SET stack = '[1]'", "no string of at most 32"),
        ("UPDATE pessoas SET stack = json_array(printf('%.33c', 'a'))", "no string of at most 32"),
        ("DROP VIEW stacks", "schema"),
    ],
)
def test_the_audit_names_what_is_wrong(registry: SqliteRegistry, harm: str, complaint: str) -> None:
    """The audit names each broken rule, from the view in the file."""
    registry.add(pessoa("ana", stack=["C#"]))
    assert registry.audit() == ([], 1)
    with apsw.Connection(str(registry.engine.path)) as other:
        other.execute(f"PRAGMA ignore_check_constraints = ON; {harm}")
    assert any(complaint in problem for problem in registry.audit().problems)


def test_two_people_of_one_apelido_are_named_even_without_the_index(
    registry: SqliteRegistry,
) -> None:
    """The view finds two rows of one apelido even if the unique index is gone."""
    registry.add(pessoa("ana"))
    path = str(registry.engine.path)
    with apsw.Connection(path) as other:
        other.execute("PRAGMA writable_schema = ON")
        other.execute("UPDATE sqlite_schema SET sql = replace(sql, ' UNIQUE', '')")
        other.execute("DELETE FROM sqlite_schema WHERE name LIKE 'sqlite_autoindex%'")
    with apsw.Connection(path) as other:
        other.execute(
            "INSERT INTO pessoas VALUES (2, ?, 'ana', 'x', '2000-01-01', NULL)", (new_id(),)
        )
        found = other.execute("SELECT numero, problema, detalhe FROM inconsistencias").fetchall()
    assert found == [(1, "apelido is taken twice", "ana"), (2, "apelido is taken twice", "ana")]


@pytest.mark.parametrize(
    "row",
    [
        "(0, '{id}', 'a', 'a', '2000-01-01', NULL)",
        "(1, 'short', 'a', 'a', '2000-01-01', NULL)",
        "(1, '{id}', NULL, 'a', '2000-01-01', NULL)",
        "(1, '{id}', 7, NULL, '2000-01-01', NULL)",
        "(1, '{id}', printf('%.33c', 'a'), 'a', '2000-01-01', NULL)",
        "(1, '{id}', 'a', printf('%.101c', 'a'), '2000-01-01', NULL)",
        "(1, '{id}', 'a', 'a', '2000-13-01', NULL)",
        "(1, '{id}', 'a', 'a', '1-1-2000', NULL)",
        "(1, '{id}', 'a', 'a', '2000-01-01', '{{}}')",
        "(1, '{id}', 'a', 'a', '2000-01-01', 'C#')",
    ],
)
def test_the_schema_says_every_rule_a_second_time(registry: SqliteRegistry, row: str) -> None:
    """The constraints of the schema refuse wrong rows that are written past the service."""
    with pytest.raises(apsw.ConstraintError):
        registry.engine.execute(f"INSERT INTO pessoas VALUES {row.format(id=new_id())}")  # noqa: S608


def test_a_snapshot_opens_with_any_sqlite(registry: SqliteRegistry, tmp_path: Path) -> None:
    """A snapshot is whole and readable by the system's own SQLite, with its views."""
    registry.add(pessoa("ana", stack=["C#", "Go", "C#"]))
    registry.add(pessoa("bia", stack=["C#"]))
    registry.engine.snapshot(tmp_path / "copy.db")
    copy = sqlite3.connect(tmp_path / "copy.db")
    assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert copy.execute("SELECT * FROM stacks").fetchall() == [("C#", 2), ("Go", 1)]
    assert copy.execute("SELECT * FROM inconsistencias").fetchall() == []
    copy.close()


def test_a_file_of_one_edition_is_refused_by_the_other(tmp_path: Path) -> None:
    """A file of the other edition is refused with a message that says so, and left unchanged."""
    opened(tmp_path / "pessoas.db").close()
    SqliteLedger(tmp_path / "ledger.db", synchronous="NORMAL", lock_wait_s=1).close()
    before = [path.read_bytes() for path in sorted(tmp_path.glob("*.db"))]
    with pytest.raises(StoreUnusableError, match=r"pessoas\.db.*not a ledger.*another edition"):
        SqliteLedger(tmp_path / "pessoas.db", synchronous="NORMAL", lock_wait_s=1)
    with pytest.raises(StoreUnusableError, match=r"ledger\.db.*not a registry.*another edition"):
        opened(tmp_path / "ledger.db")
    assert before == [path.read_bytes() for path in sorted(tmp_path.glob("*.db"))]


def test_a_search_under_inserts_has_all_that_came_before_it(tmp_path: Path) -> None:
    """A search returns every person added before it began, during concurrent inserts."""
    writer, reader = opened(tmp_path / "rinha.db"), opened(tmp_path / "rinha.db")
    added: list[str] = []
    missed: list[str] = []

    def search() -> None:
        while len(added) < 200:
            before = added[:50]
            missed.extend(set(before) - set(found(reader, "pessoa")))

    thread = threading.Thread(target=search)
    thread.start()
    for number in range(200):
        writer.add(pessoa(f"pessoa {number}"))
        added.append(f"pessoa {number}")
    thread.join()
    assert missed == []
    writer.close()
    reader.close()


def test_operators_see_what_is_kept(two: Two) -> None:
    """Gauges and newest people are the same on both instances, and empty after a reset."""
    here, there = two
    for number in range(25):
        here.add(pessoa(f"ana {number}"))
    for registry in two:
        gauges = {gauge.name: gauge.value for gauge in registry.gauges()}
        assert gauges["rows"] == 25
        assert abs(gauges["newest_commit_time_seconds"] - time.time()) < 60
        newest = registry.overview().pessoas
        assert [one.apelido for one in newest] == [f"ana {number}" for number in range(24, 4, -1)]
    here.reset()
    gauges = {gauge.name: gauge.value for gauge in there.gauges()}
    assert (gauges["rows"], gauges["newest_commit_time_seconds"]) == (0, 0)
    assert there.overview().pessoas == []
