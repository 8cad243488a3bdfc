"""Tables that a ledger's file may have beyond its edition's schema.

Litestream makes two in a replicated file. ANALYZE adds its statistics. Snapshots and restored files
do not contain them. The mark of `rinha move` is in a ledger that was copied to another place, and
keeps it from being served. An audit accepts exactly these definitions.

With the statistics of a small ledger SQLite reads whole tables when the ledger has grown: all keys
once a second, to find the expired ones. So a start drops them.
"""

from pathlib import Path

import apsw

from rinha.errors import StoreUnusableError

LITESTREAM = {
    "_litestream_seq": "CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER)",
    "_litestream_lock": "CREATE TABLE _litestream_lock (id INTEGER)",
}
STATISTICS = {
    "sqlite_stat1": "CREATE TABLE sqlite_stat1(tbl,idx,stat)",
    "sqlite_stat4": "CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)",
}
CREATE_MOVED_TO = "CREATE TABLE moved_to (place TEXT NOT NULL) STRICT"
# Rows of sqlite_schema: type, name and SQL.
ACCEPTED = {
    ("table", name, sql)
    for name, sql in {**LITESTREAM, **STATISTICS, "moved_to": CREATE_MOVED_TO}.items()
}


def drop_tables_of_tools(copy: Path) -> None:
    """Drops the tables of Litestream and ANALYZE from a file that no other process uses."""
    connection = apsw.Connection(str(copy), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        for name in (*LITESTREAM, *STATISTICS):
            connection.execute(f"DROP TABLE IF EXISTS {name}")
    finally:
        connection.close()


def drop_statistics(connection: apsw.Connection) -> None:
    for name in STATISTICS:
        if connection.table_exists("main", name):
            connection.execute(f"DROP TABLE {name}")
            # This connection has read them: it reads the schema again.
            connection.execute("PRAGMA writable_schema = RESET")


def refuse_statistics(connection: apsw.Connection) -> None:
    """Refuses ANALYZE of a ledger on this connection."""

    def look(
        action: int, _table: str | None, _: str | None, database: str | None, _by: str | None
    ) -> int:
        if action == apsw.SQLITE_ANALYZE and database == "main":
            raise apsw.AuthError(
                "ANALYZE is refused: its statistics make SQLite read whole tables later"
            )
        return apsw.SQLITE_OK

    connection.set_authorizer(look)


def assert_not_moved(connection: apsw.Connection, path: Path, noun: str) -> None:
    if connection.table_exists("main", "moved_to"):
        place = connection.execute("SELECT place FROM moved_to").get
        raise StoreUnusableError(
            f"{path}: this {noun} was moved to {place}: set RINHA_LEDGER to that. To serve the old "
            "one all the same: make sql SQL='DROP TABLE moved_to'"
        )
