"""A registry that has lived long: made in a minute, as the service would have filled it."""

from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

import apsw

from loadtest.pessoas.payloads import payloads
from rinha.bodies import encode
from rinha.pessoas.ids import new_id
from rinha.pessoas.on_sqlite import SqliteRegistry

MANY = 2_000_000
# A hundred thousand different people, again and again under other apelidos.
DIFFERENT = 100_000
SEED = 1
LOCK_WAIT_S = 1.0
ADD = "INSERT INTO pessoas (id, apelido, nome, nascimento, stack) VALUES (?, ?, ?, ?, ?)"


def make_registry(file: Path, people: int) -> None:
    """Unless it is there; whole or not at all."""
    if file.exists():
        return
    partial = file.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    SqliteRegistry(partial, synchronous="NORMAL", lock_wait_s=LOCK_WAIT_S).close()
    connection = apsw.Connection(str(partial))
    # The service switches the log on again.
    connection.pragma("journal_mode", "OFF")
    connection.pragma("synchronous", "OFF")
    connection.execute("BEGIN")
    connection.executemany(ADD, islice(rows(), people))
    connection.execute("COMMIT")
    connection.close()
    partial.rename(file)


def rows() -> Iterator[tuple[str, str, str, str, str | None]]:
    """Without end; each apelido once."""
    right = (payload.pessoa for payload in payloads(SEED) if payload.pessoa is not None)
    different = list(islice(right, DIFFERENT))
    for number in count():
        pessoa = different[number % DIFFERENT]
        stack = None if pessoa.stack is None else encode(pessoa.stack).decode()
        apelido = f"{pessoa.apelido[:24]}{number:x}"
        yield new_id(), apelido, pessoa.nome, pessoa.nascimento, stack
