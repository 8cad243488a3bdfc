"""Store of an edition in one SQLite file: what all editions share."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar, Self, TypeVar

import apsw

from rinha.settings import Settings
from rinha.sqlite.content import SqliteContent
from rinha.sqlite.file import Schema, SqliteFile
from rinha.store import Audit, Table

T = TypeVar("T")


class SqliteStore:
    SCHEMA: ClassVar[Schema]
    TABLES: ClassVar[Sequence[Table]]

    def __init__(
        self, path: Path, *, synchronous: str, lock_wait_s: float, create: bool = True
    ) -> None:
        self.engine = SqliteFile(
            path, self.SCHEMA, synchronous=synchronous, lock_wait_s=lock_wait_s, create=create
        )
        self.content = SqliteContent(self.engine, self.TABLES)
        self._execute = self.engine.execute
        self._writing = self.engine.writing

    @classmethod
    def open(cls, settings: Settings, *, create: bool) -> Self:
        assert isinstance(settings.ledger, Path)
        return cls(
            settings.ledger,
            synchronous=settings.synchronous,
            lock_wait_s=settings.lock_wait_s,
            create=create,
        )

    def close(self) -> None:
        self.engine.close()

    def audit(self) -> Audit:
        raise NotImplementedError

    def _audited(self, noun: str, read: Callable[[], T], nothing: T) -> tuple[list[str], T]:
        """Audits one snapshot, so the result is valid under load too. Returns the problems and what
        `read` returns, or `nothing` where the tables cannot be read."""
        try:
            with self.engine.reading():
                problems = self.engine.problems()
                if any(problem.startswith("schema") for problem in problems):
                    return problems, nothing
                found = self._execute("SELECT * FROM inconsistencias")
                problems += [f"{noun} {which}: {what} ({detail})" for which, what, detail in found]
                return problems, read()
        except apsw.Error as error:
            return [f"the file cannot be read: {error}"], nothing
