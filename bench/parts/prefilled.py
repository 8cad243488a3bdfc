"""Database files that are filled before a contender starts on them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw


def prefill(
    file: Path, create: Callable[[Path], Any], fill: Callable[[apsw.Connection], object]
) -> None:
    """Makes the file, unless it exists; an interrupted attempt leaves none."""
    if file.exists():
        return
    partial = file.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    create(partial).close()
    connection = apsw.Connection(str(partial))
    # The service switches the WAL on again.
    connection.pragma("journal_mode", "OFF")
    connection.pragma("synchronous", "OFF")
    connection.execute("BEGIN")
    fill(connection)
    connection.execute("COMMIT")
    connection.close()
    partial.rename(file)
