"""A registry with many rows, filled in a minute with the rows that the service would write."""

from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

from bench.parts.prefilled import prefill
from loadtest.pessoas.payloads import payloads
from rinha.bodies import encode
from rinha.pessoas.ids import new_id
from rinha.pessoas.on_sqlite import SqliteRegistry

MANY = 2_000_000
# After this many, the people repeat with new apelidos.
DIFFERENT = 100_000
SEED = 1
ADD = "INSERT INTO pessoas (id, apelido, nome, nascimento, stack) VALUES (?, ?, ?, ?, ?)"
Row = tuple[str, str, str, str, str | None]


def make_registry(file: Path, people: int) -> None:
    people_rows = islice(rows(), people)
    prefill(file, SqliteRegistry, lambda connection: connection.executemany(ADD, people_rows))


def rows() -> Iterator[Row]:
    """Yields rows without end; each apelido is unique."""
    right = (payload.pessoa for payload in payloads(SEED) if payload.pessoa is not None)
    for number, pessoa in enumerate(cycle(islice(right, DIFFERENT))):
        stack = None if pessoa.stack is None else encode(pessoa.stack).decode()
        apelido = f"{pessoa.apelido[:24]}{number:x}"
        yield new_id(), apelido, pessoa.nome, pessoa.nascimento, stack
