"""Tables that a ledger's file may have beyond its edition's schema.

Litestream makes two in a replicated file; snapshots and restored files do not contain them. The
mark of `rinha move` is in a ledger that was copied to another place, and keeps it from being
served. An audit accepts exactly these definitions.
"""

from pathlib import Path

import apsw

from rinha.errors import StoreUnusableError

LITESTREAM = {
    "_litestream_seq": "CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER)",
    "_litestream_lock": "CREATE TABLE _litestream_lock (id INTEGER)",
}
CREATE_MOVED_TO = "CREATE TABLE moved_to (place TEXT NOT NULL) STRICT"
# Rows of sqlite_schema: type, name and SQL.
ACCEPTED = {
    ("table", name, sql) for name, sql in {**LITESTREAM, "moved_to": CREATE_MOVED_TO}.items()
}


def drop_litestream_from(copy: Path) -> None:
    """Drops Litestream's tables from a file that no other process uses."""
    connection = apsw.Connection(str(copy), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        for name in LITESTREAM:
            connection.execute(f"DROP TABLE IF EXISTS {name}")
    finally:
        connection.close()


def assert_not_moved(connection: apsw.Connection, path: Path, noun: str) -> None:
    if connection.table_exists("main", "moved_to"):
        place = connection.execute("SELECT place FROM moved_to").get
        raise StoreUnusableError(
            f"{path}: this {noun} was moved to {place}: set RINHA_LEDGER to that. To serve the old "
            "one all the same: make sql SQL='DROP TABLE moved_to'"
        )
