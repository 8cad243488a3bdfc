"""Tables of an SQLite file, read and filled row by row for `rinha move`."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager

from rinha.sqlite.extra_tables import CREATE_MOVED_TO
from rinha.sqlite.file import SqliteFile
from rinha.store import Row, Table


class SqliteContent:
    def __init__(self, file: SqliteFile, tables: Sequence[Table]) -> None:
        self.tables = tables
        self._file = file

    def begin_move(self) -> None:
        self._file.lock_out_others()
        self._file.assert_not_moved()
        self._file.assert_newest_version()

    def mark_moved(self, place: str) -> None:
        self._file.execute(CREATE_MOVED_TO)
        self._file.execute("INSERT INTO moved_to VALUES (?)", (place,))

    def transaction(self) -> AbstractContextManager[object]:
        return self._file.writing

    def count(self, table: Table) -> int:
        return int(self._file.execute(f"SELECT count(*) FROM {table.name}").get)  # noqa: S608

    def rows(self, table: Table) -> Iterator[Row]:
        columns, key = ", ".join(table.columns), ", ".join(table.key)
        select = f"SELECT {columns} FROM {table.name} ORDER BY {key}"  # noqa: S608
        yield from self._file.execute(select)

    def fill(self, table: Table, rows: Iterable[Row]) -> None:
        self._file.execute(f"DELETE FROM {table.name}")  # noqa: S608
        columns, places = ", ".join(table.columns), ", ".join("?" * len(table.columns))
        insert = f"INSERT INTO {table.name} ({columns}) VALUES ({places})"  # noqa: S608
        self._file.connection.executemany(insert, rows)
