"""The two tables that Litestream makes in a file that it follows: known to the letter, so that an
audit takes nothing else for them, and left out of copies."""

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
    """Of a file that nobody else uses."""
    connection = apsw.Connection(str(copy), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        for _, name, _ in sorted(OF_LITESTREAM):
            connection.execute(f"DROP TABLE IF EXISTS {name}")
    finally:
        connection.close()
