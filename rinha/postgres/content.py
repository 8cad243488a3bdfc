"""Tables of a PostgreSQL database, read and filled row by row for `rinha move`."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import psycopg

from rinha.errors import StoreUnavailableError
from rinha.postgres.primary import Primary
from rinha.postgres.text import escaped, unescaped
from rinha.store import Row, Table

KINDS = {int: "int8", str: "text"}


class PostgresContent:
    def __init__(self, primary: Primary, tables: Sequence[Table]) -> None:
        self.tables = tables
        self._primary = primary

    def begin_move(self) -> None:
        """Locks nothing: `transaction` locks the tables."""
        self._primary.assert_newest_version()

    def mark_moved(self, place: str) -> None:
        """Does nothing: a server's administrator decides who may use it."""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        names = ", ".join(table.name for table in self.tables)
        with self._primary.alone_with(names) as pgconn:
            on_notice = pgconn.notice_handler
            # Bulk copies wait in psycopg's own loops.
            self._cursor = psycopg.Connection(pgconn).cursor()
            # Psycopg has set its own: the session would miss the warning of a cancelled wait.
            pgconn.notice_handler = on_notice
            try:
                yield
            except psycopg.Error as error:
                raise StoreUnavailableError(f"the server does not take it: {error}") from error

    def count(self, table: Table) -> int:
        found = self._cursor.execute(f"SELECT count(*) FROM {table.name}".encode())  # noqa: S608
        ((count,),) = found.fetchall()
        return int(count)

    def rows(self, table: Table) -> Iterator[Row]:
        columns, key = ", ".join(table.columns), ", ".join(table.key)
        select = f"SELECT {columns} FROM {table.name} ORDER BY {key}"  # noqa: S608
        with self._cursor.copy(f"COPY ({select}) TO STDOUT".encode()) as copy:
            copy.set_types([KINDS[kind] for kind in table.columns.values()])
            for row in copy.rows():
                yield tuple(unescaped(each) if isinstance(each, str) else each for each in row)

    def fill(self, table: Table, rows: Iterable[Row]) -> None:
        self._cursor.execute(f"DELETE FROM {table.name}".encode())  # noqa: S608
        columns = ", ".join(table.columns)
        with self._cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN".encode()) as copy:
            for row in rows:
                copy.write_row([escaped(each) if isinstance(each, str) else each for each in row])
