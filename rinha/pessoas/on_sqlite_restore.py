"""Restores a registry from a file, or from the replica: its latest state, or the last one before a
time."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from rinha.pessoas.on_sqlite import SCHEMA, SqliteRegistry
from rinha.replica.restore import Restorable, restore_edition
from rinha.settings import Settings


def restore(settings: Settings, file: Path | None, at: datetime | None) -> Path | None:
    return restore_edition(settings, file, at, Restorable(SCHEMA, _problems))


def _problems(copy: Path) -> Sequence[str]:
    registry = SqliteRegistry(copy, synchronous="FULL", lock_wait_s=1, create=False)
    try:
        return registry.audit().problems
    finally:
        registry.close()
