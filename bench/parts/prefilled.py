"""Database files that are filled before a contender starts on them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw


def prefill(
    file: Path, store: Callable[..., Any], fill: Callable[[apsw.Connection], object]
) -> None:
    """Makes the file of a store, unless it exists; an interrupted attempt leaves none."""
    if file.exists():
        return
    partial = file.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    store(partial, synchronous="NORMAL", lock_wait_s=1.0).close()
    connection = apsw.Connection(str(partial))
    # The service switches the WAL on again.
    connection.pragma("journal_mode", "OFF")
    connection.pragma("synchronous", "OFF")
    connection.execute("BEGIN")
    fill(connection)
    connection.execute("COMMIT")
    connection.close()
    partial.rename(file)
