"""Store of an edition in one SQLite file: what all editions share."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Self, TypeVar

import apsw

from rinha.errors import StoreUnavailableError
from rinha.settings import Settings
from rinha.sqlite.content import SqliteContent
from rinha.sqlite.file import SqliteFile
from rinha.sqlite.schema import Schema, version_of
from rinha.store import Audit, Table

T = TypeVar("T")


class SqliteStore:
    SCHEMA: ClassVar[Schema]
    TABLES: ClassVar[Sequence[Table]]
    # Queries for broken rules, by the version from which on a file has their tables.
    PROBLEMS: ClassVar[Mapping[int, str]] = {1: "SELECT * FROM inconsistencias"}

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
        store = cls(
            settings.ledger,
            synchronous=settings.synchronous,
            lock_wait_s=settings.lock_wait_s,
            create=create,
        )
        store.engine.set_link(settings.ledger_link)
        return store

    def close(self) -> None:
        self.engine.close()

    def audit(self) -> Audit:
        raise NotImplementedError

    def _audited(
        self, noun: str, read: Callable[[list[str]], T], unread: Callable[[list[str]], T]
    ) -> T:
        """Audits one snapshot, so the result is valid under load too. Returns what `read` makes of
        the problems, or `unread` if the tables cannot be read. A lock or a full disk is an error,
        and no problem of the file."""
        try:
            with self.engine.reading():
                problems = self.engine.problems()
                if any(problem.startswith("schema") for problem in problems):
                    return unread(problems)
                present = version_of(self.engine.connection)
                for version, query in self.PROBLEMS.items():
                    found = self._execute(query) if version <= present else ()
                    problems += [f"{noun} {one}: {what} ({detail})" for one, what, detail in found]
                return read(problems)
        except apsw.BusyError as error:
            raise StoreUnavailableError(f"the audit has not ended ({error}): try again") from error
        except apsw.FullError as error:
            raise StoreUnavailableError(
                f"the audit has not ended ({error}): its temporary files, in SQLITE_TMPDIR, TMPDIR "
                "or /var/tmp, need some four times the space of the file"
            ) from error
        except apsw.Error as error:
            return unread([f"the file cannot be read: {error}"])
