"""What a search costs, by how it is done: in one process, without HTTP, in us of CPU."""

import random
import string
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import apsw

from bench.people.growth import rows
from loadtest.pessoas.payloads import STACK, termos
from rinha.pessoas.limits import SEARCH_ROWS
from rinha.pessoas.messages import decode_stack
from rinha.pessoas.on_sqlite import COLUMNS, SqliteRegistry

SEED = 7
# The p99 stands on ten.
TERMS = 1_000
LETTERS = (1, 2, 3, 4, 5, 8, 20)
Search = Callable[[str], object]
LIKE = f"""
    SELECT {COLUMNS} FROM pessoas
    WHERE apelido LIKE ?1 ESCAPE '\\' OR nome LIKE ?1 ESCAPE '\\' OR EXISTS (
        SELECT 1 FROM json_each(pessoas.stack) AS e WHERE e.value LIKE ?1 ESCAPE '\\'
    ) LIMIT {SEARCH_ROWS}
"""  # noqa: S608 - all of it is our own
FTS5 = """
    CREATE VIRTUAL TABLE temp.busca USING fts5 (palavras, tokenize = 'trigram', detail = none);
    INSERT INTO temp.busca (rowid, palavras)
    SELECT numero, apelido || char(10) || nome || char(10) || ifnull(stack, '') FROM pessoas;
"""
BY_FTS5 = f"""
    SELECT {COLUMNS} FROM temp.busca JOIN pessoas ON numero = busca.rowid
    WHERE palavras LIKE ?1 LIMIT {SEARCH_ROWS}
"""  # noqa: S608


class Cost(NamedTuple):
    """In us of CPU."""

    how: str
    terms: str
    mean: float
    p99: float
    highest: float


def costs(file: Path, *, alternatives: bool) -> list[Cost]:
    """Of the search as it is, and of what it might be instead."""
    registry = SqliteRegistry(file, synchronous="NORMAL", lock_wait_s=1)
    registry.get_ready()
    found = [*_measured("as it is", registry.search, TERMS)]
    if alternatives:
        for how, prepare in (("one text", _one_text), ("FTS5", _fts5), ("LIKE", _like)):
            found += _measured(how, prepare(registry.engine.connection), TERMS // 5)
    registry.close()
    return found


def _measured(how: str, search: Search, count: int) -> list[Cost]:
    chance = random.Random(SEED)
    of_length = {
        f"{letters} letters": [
            "".join(chance.choices(string.ascii_letters, k=letters)) for _ in range(count // 5)
        ]
        for letters in LETTERS
    }
    # Each part of which many have, and the whole of which nobody has: "clojurescript".
    of_elements = [
        chance.choice(STACK) + chance.choice(STACK)[-chance.randint(3, 6) :]
        for _ in range(count // 5)
    ]
    asked = {
        "official terms": list(islice(termos(SEED), count)),
        "ends of elements": of_elements,
        **of_length,
    }
    return [_cost(how, terms, search, asked[terms]) for terms in asked]


def _cost(how: str, terms: str, search: Search, asked: Sequence[str]) -> Cost:
    taken_us = []
    for termo in asked:
        began_ns = time.process_time_ns()
        search(termo)
        taken_us.append((time.process_time_ns() - began_ns) / 1000)
    taken_us.sort()
    mean, p99 = sum(taken_us) / len(taken_us), taken_us[len(taken_us) * 99 // 100]
    return Cost(how, terms, mean, p99, taken_us[-1])


def _like(connection: apsw.Connection) -> Search:
    """As most would write it: it folds ASCII only."""
    return lambda termo: connection.execute(LIKE, (f"%{termo}%",)).fetchall()


def _fts5(connection: apsw.Connection) -> Search:
    """With nothing to say how its index is kept up."""
    connection.execute(FTS5)
    return lambda termo: connection.execute(BY_FTS5, (f"%{termo}%",)).fetchall()


def _one_text(connection: apsw.Connection) -> Search:
    """All words in memory, looked through from the first to the last; the rows are not fetched."""
    text, begins = bytearray(), [0]
    for apelido, nome, stack in connection.execute("SELECT apelido, nome, stack FROM pessoas"):
        elements = () if stack is None else decode_stack(stack)
        words = "\udcff".join((apelido, nome, *dict.fromkeys(elements))).casefold()
        text += f"{words}\udcfe".encode(errors="surrogateescape")
        begins.append(len(text))

    def search(termo: str) -> int:
        sought, at, found = termo.casefold().encode(), -1, 0
        while found < SEARCH_ROWS and (at := text.find(sought, at + 1)) >= 0:
            at = text.find(b"\xfe", at)
            found += 1
        return found

    return search


class Insert(NamedTuple):
    """In us of CPU and of time."""

    how: str
    mean: float
    p99: float


def inserts(folder: Path, people: int) -> list[Insert]:
    """A commit each, by one process: as it is, and with a trigram index in the same transaction."""
    found: list[Insert] = []
    for how in ("as it is", "with FTS5 in the file"):
        registry = SqliteRegistry(folder / f"{len(found)}.db", synchronous="NORMAL", lock_wait_s=1)
        if how != "as it is":
            registry.engine.execute(FTS5.replace("temp.", ""))
        taken_us, began_ns = [], time.process_time_ns()
        for row in islice(rows(), people):
            moment_ns = time.perf_counter_ns()
            _insert(registry, row, fts5=how != "as it is")
            taken_us.append((time.perf_counter_ns() - moment_ns) / 1000)
        cpu_us = (time.process_time_ns() - began_ns) / 1000 / people
        registry.close()
        found.append(Insert(how, cpu_us, sorted(taken_us)[people * 99 // 100]))
    return found


def _insert(
    registry: SqliteRegistry, row: tuple[str, str, str, str, str | None], *, fts5: bool
) -> None:
    with registry.engine.writing:
        registry.engine.execute(
            "INSERT INTO pessoas (id, apelido, nome, nascimento, stack) VALUES (?, ?, ?, ?, ?)", row
        )
        if fts5:
            numero = registry.engine.connection.last_insert_rowid()
            registry.engine.execute(
                "INSERT INTO busca (rowid, palavras) VALUES (?, ?)",
                (numero, "\n".join((row[1], row[2], row[4] or ""))),
            )
