"""Registry on SQLite: each apelido is unique. All SQL of this edition is here."""

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

import msgspec

from rinha.pessoas.audit import Audit
from rinha.pessoas.ids import new_id, time_us_of
from rinha.pessoas.limits import PESSOAS_SHOWN_MAX
from rinha.pessoas.messages import (
    Pessoa,
    PessoaCadastrada,
    decode_stack,
    pessoa_cadastrada,
    stack_as_json,
)
from rinha.pessoas.overview import Overview, PessoaSeen
from rinha.pessoas.registry import TABLES, ApelidoTakenError, UnknownPessoaError
from rinha.pessoas.search import Words
from rinha.sqlite.schema import Schema
from rinha.sqlite.store import SqliteStore
from rinha.store import Gauge

ADD = """
    INSERT INTO pessoas (id, apelido, nome, nascimento, stack) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (apelido) DO NOTHING
"""
COLUMNS = "id, apelido, nome, nascimento, stack"
FIND = f"SELECT {COLUMNS} FROM pessoas WHERE id = ?"  # noqa: S608 - all of it is our own
COUNT = "SELECT count(*) FROM pessoas"
READ_NEWEST = "SELECT apelido, nome, nascimento, id FROM pessoas ORDER BY numero DESC LIMIT ?"
# Counts changes of old rows. After one the search reads all rows again.
READ_VEZES = "SELECT vezes FROM alteracoes"
# Rows that are read at once: each takes some 500 bytes until the search has it.
NEWER_ROWS = 5_000
READ_NEWER = f"""
    SELECT numero, apelido, nome, stack FROM pessoas WHERE numero > ?
    ORDER BY numero LIMIT {NEWER_ROWS}
"""  # noqa: S608


class SqliteRegistry(SqliteStore):
    SCHEMA = Schema("registry", files("rinha.pessoas") / "schema.sql", 0x70657373, 1)  # "pess"
    TABLES = TABLES

    def __init__(
        self, path: Path, *, synchronous: str, lock_wait_s: float, create: bool = True
    ) -> None:
        super().__init__(path, synchronous=synchronous, lock_wait_s=lock_wait_s, create=create)
        self._changes = self.engine.connection.changes
        self._words = Words()
        self._vezes = 0

    def get_ready(self) -> None:
        with self.engine.reading():
            self._catch_up()

    def add(self, pessoa: Pessoa) -> PessoaCadastrada:
        row = (
            new_id(),
            pessoa.apelido,
            pessoa.nome,
            pessoa.nascimento.isoformat(),
            stack_as_json(pessoa),
        )
        with self._writing:
            self._execute(ADD, row)
            if not self._changes():
                raise ApelidoTakenError("this apelido is taken")
        return pessoa_cadastrada(*row)

    def find(self, id_: str) -> PessoaCadastrada:
        rows = self.engine.read(FIND, (id_,))
        if not rows:
            raise UnknownPessoaError("there is no pessoa with this id")
        return pessoa_cadastrada(*rows[0])

    def search(self, termo: str) -> Sequence[PessoaCadastrada]:
        # One snapshot: the search and the rows show the same state.
        with self.engine.reading():
            self._catch_up()
            numeros = self._words.find(termo)
            if not numeros:
                return []
            rows = self.engine.read(_read_some(len(numeros)), tuple(numeros))
        return [pessoa_cadastrada(*row) for row in rows]

    def count(self) -> int:
        count: int = self.engine.read(COUNT)[0][0]
        return count

    def reset(self) -> None:
        with self._writing:
            self._execute("DELETE FROM pessoas")

    def assert_readable(self) -> None:
        self.engine.assert_readable("SELECT id FROM pessoas LIMIT 1")

    def gauges(self) -> Iterator[Gauge]:
        yield from self.engine.gauges()
        with self.engine.reading():
            self._catch_up()
        # Counted in memory: to count two million rows in the file takes 20 ms, once a second.
        yield Gauge("rows", "People in the registry.", len(self._words))
        yield from self.overview().gauges()

    def overview(self) -> Overview:
        rows = self.engine.read(READ_NEWEST, (PESSOAS_SHOWN_MAX,))
        return Overview(
            [
                PessoaSeen(apelido, nome, nascimento, time_us_of(id_))
                for apelido, nome, nascimento, id_ in rows
            ]
        )

    def audit(self) -> Audit:
        return self._audited(
            "pessoa",
            lambda problems: Audit(problems, self.count()),
            lambda problems: Audit(problems, 0),
        )

    def _catch_up(self) -> None:
        """Adds new rows to the search. Row numbers rise in commit order, so new rows follow known
        ones."""
        vezes = self.engine.read(READ_VEZES)[0][0]
        if vezes != self._vezes:
            self._words, self._vezes = Words(), vezes
        while rows := self.engine.read(READ_NEWER, (self._words.newest,)):
            for numero, apelido, nome, stack in rows:
                self._words.add(numero, apelido, nome, _elements(stack))
            if len(rows) < NEWER_ROWS:
                return


def _elements(stack: str | None) -> Sequence[str]:
    """Returns the elements of a stack. One that an edit broke has none: the audit names it."""
    try:
        return () if stack is None else decode_stack(stack)
    except msgspec.DecodeError:
        return ()


@cache
def _read_some(count: int) -> str:
    numbers = ",".join("?" * count)
    return f"SELECT {COLUMNS} FROM pessoas WHERE numero IN ({numbers}) ORDER BY numero"  # noqa: S608
