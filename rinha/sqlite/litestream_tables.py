"""Names the two tables that Litestream makes in a replicated file.

An audit accepts exactly these definitions. Snapshots and restored files do not contain the tables.
"""

from pathlib import Path

import apsw

OF_LITESTREAM = {
    (
        "table",
        "_litestream_seq",
        "CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER)",
    ),
    ("table", "_litestream_lock", "CREATE TABLE _litestream_lock (id INTEGER)"),
}


def drop_from(copy: Path) -> None:
    """Drops the tables from a file that no other process uses."""
    connection = apsw.Connection(str(copy), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        for _, name, _ in sorted(OF_LITESTREAM):
            connection.execute(f"DROP TABLE IF EXISTS {name}")
    finally:
        connection.close()
