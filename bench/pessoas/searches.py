"""The CPU of a search and of an insert without HTTP, in one process, beside alternatives."""

import random
import string
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

import apsw

from bench.edition import Direct
from bench.pessoas.contenders import MANY_FILE
from bench.pessoas.growth import ADD, MANY, make_registry, rows
from bench.pessoas.plan import ADDED
from bench.results.data import Cell
from loadtest.pessoas.payloads import STACK, termos
from rinha.pessoas.limits import SEARCH_ROWS
from rinha.pessoas.messages import decode_stack
from rinha.pessoas.on_sqlite import COLUMNS, SqliteRegistry

SEED = 7
# Ten searches lie above the p99.
TERMS = 1_000
# For each alternative.
FEWER_TERMS = 200
LETTERS = (1, 2, 3, 4, 5, 8, 20)
Search = Callable[[str], object]
# Names of the cells.
SEARCH, INSERTS = "search, ", "insert"
# The usual search; it folds ASCII only.
LIKE = f"""
    SELECT {COLUMNS} FROM pessoas
    WHERE apelido LIKE ?1 ESCAPE '\\' OR nome LIKE ?1 ESCAPE '\\' OR EXISTS (
        SELECT 1 FROM json_each(pessoas.stack) AS e WHERE e.value LIKE ?1 ESCAPE '\\'
    ) LIMIT {SEARCH_ROWS}
"""  # noqa: S608 - the values in it are our own
FTS5 = """
    CREATE VIRTUAL TABLE temp.busca USING fts5 (palavras, tokenize = 'trigram', detail = none);
    INSERT INTO temp.busca (rowid, palavras)
    SELECT numero, apelido || char(10) || nome || char(10) || ifnull(stack, '') FROM pessoas;
"""
ADD_TO_FTS5 = "INSERT INTO busca (rowid, palavras) VALUES (?, ?)"
BY_FTS5 = f"""
    SELECT {COLUMNS} FROM temp.busca JOIN pessoas ON numero = busca.rowid
    WHERE palavras LIKE ?1 LIMIT {SEARCH_ROWS}
"""  # noqa: S608


def measure_searches(file: Path, people: int, *, alternatives: bool) -> list[Cell]:
    make_registry(file, people)
    registry = SqliteRegistry(file, synchronous="NORMAL", lock_wait_s=1)
    registry.get_ready()
    searches: dict[str, Search] = {"service": registry.search}
    if alternatives:
        connection = registry.engine.connection
        # Made before the measurement: its upkeep is a cost of inserts, not of searches.
        connection.execute(FTS5)
        searches["one text"] = _one_text(connection)
        searches["FTS5"] = _by_sql(connection, BY_FTS5)
        searches["LIKE"] = _by_sql(connection, LIKE)
    cells = []
    for way, search in searches.items():
        count = TERMS if way == "service" else FEWER_TERMS
        for kind, terms in _terms(count).items():
            figures = _cpu_figures(search, terms)
            cells.append(Cell(f"{SEARCH}{way}, {people:,} people", kind, 0, figures))
    registry.close()
    return cells


def _terms(count: int) -> dict[str, list[str]]:
    rng = random.Random(SEED)
    of_length = {
        f"{letters} letters": [
            "".join(rng.choices(string.ascii_letters, k=letters)) for _ in range(count // 5)
        ]
        for letters in LETTERS
    }
    # Many people have each half of such a term, and none has all of it: "clojurescript".
    ends = [rng.choice(STACK) + rng.choice(STACK)[-rng.randint(3, 6) :] for _ in range(count // 5)]
    official = list(islice(termos(SEED), count))
    return {"official terms": official, "ends of elements": ends, **of_length}


def _cpu_figures(search: Search, terms: Sequence[str]) -> dict[str, float]:
    cpu_us = []
    for termo in terms:
        began_ns = time.process_time_ns()
        search(termo)
        cpu_us.append((time.process_time_ns() - began_ns) / 1000)
    cpu_us.sort()
    mean = sum(cpu_us) / len(cpu_us)
    return {"cpu_us": mean, "p99_us": cpu_us[len(cpu_us) * 99 // 100], "max_us": cpu_us[-1]}


def _by_sql(connection: apsw.Connection, select: str) -> Search:
    return lambda termo: connection.execute(select, (f"%{termo}%",)).fetchall()


def _one_text(connection: apsw.Connection) -> Search:
    """Returns a scan of all words in memory; it reads no rows."""
    text = bytearray()
    for apelido, nome, stack in connection.execute("SELECT apelido, nome, stack FROM pessoas"):
        elements = () if stack is None else decode_stack(stack)
        words = "\udcff".join((apelido, nome, *dict.fromkeys(elements))).casefold()
        text += f"{words}\udcfe".encode(errors="surrogateescape")

    def search(termo: str) -> int:
        sought, at, found = termo.casefold().encode(), -1, 0
        while found < SEARCH_ROWS and (at := text.find(sought, at + 1)) >= 0:
            at = text.find(b"\xfe", at)
            found += 1
        return found

    return search


def measure_inserts(folder: Path, people: int) -> list[Cell]:
    """Measures inserts of one commit each, without and with a trigram index in the file."""
    cells = []
    # Made before the clock starts.
    inserted = list(islice(rows(), people))
    for way, with_fts5 in (("service", False), ("with FTS5 in the file", True)):
        registry = SqliteRegistry(folder / f"{way}.db", synchronous="NORMAL", lock_wait_s=1)
        if with_fts5:
            registry.engine.execute(FTS5.replace("temp.", ""))
        times_us, cpu_began_ns = [], time.process_time_ns()
        for row in inserted:
            began_ns = time.perf_counter_ns()
            with registry.engine.writing:
                registry.engine.execute(ADD, row)
                if with_fts5:
                    numero = registry.engine.connection.last_insert_rowid()
                    words = "\n".join((row[1], row[2], row[4] or ""))
                    registry.engine.execute(ADD_TO_FTS5, (numero, words))
            times_us.append((time.perf_counter_ns() - began_ns) / 1000)
        cpu_us = (time.process_time_ns() - cpu_began_ns) / 1000 / people
        registry.close()
        p99_us = sorted(times_us)[people * 99 // 100]
        cells.append(Cell(INSERTS, way, 0, {"cpu_us": cpu_us, "p99_us": p99_us}))
    return cells


DIRECTS = {
    "searches": Direct(
        "searches without HTTP",
        lambda folder, _: measure_searches(folder / "few.db", ADDED, alternatives=True),
    ),
    # Uses the file of a contender, which is stopped by then.
    "searches_many": Direct(
        "searches among 2 million without HTTP",
        lambda folder, _: measure_searches(folder.parent / MANY_FILE, MANY, alternatives=False),
    ),
    "inserts": Direct("inserts without HTTP", lambda folder, _: measure_inserts(folder, ADDED)),
}
