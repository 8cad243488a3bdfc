"""Mark in a ledger that `rinha move` has copied to another place, so that it is not served any
more."""

from pathlib import Path

import apsw

from rinha.errors import StoreUnusableError

CREATE_MARK = "CREATE TABLE moved_to (place TEXT NOT NULL) STRICT"
# The mark's row in sqlite_schema.
MARK = ("table", "moved_to", CREATE_MARK)


def assert_not_moved(connection: apsw.Connection, path: Path, noun: str) -> None:
    if connection.table_exists("main", "moved_to"):
        place = connection.execute("SELECT place FROM moved_to").get
        raise StoreUnusableError(
            f"{path}: this {noun} was moved to {place}: set RINHA_LEDGER to that. To serve the old "
            "one all the same: make sql SQL='DROP TABLE moved_to'"
        )
