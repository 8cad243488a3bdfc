"""Table of each edition's store on each engine. A module is imported when it is used."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rinha.address import ServerUrl
from rinha.errors import RestoreError, StoreUnusableError
from rinha.settings import Settings

if TYPE_CHECKING:
    from rinha.crebitos.clientes import Clientes
    from rinha.crebitos.ledger import Ledger
    from rinha.http import App
    from rinha.pessoas.registry import Registry
    from rinha.sqlite.schema import Schema
    from rinha.store import AdminStore


class Opened(NamedTuple):
    """A store, and a function that returns its edition's application, with or without reset."""

    store: "AdminStore"
    create_app: "Callable[[bool], App]"


# Restores from a file, or from the replica at a time. Returns the old file's new name, if any.
Restore = Callable[[Settings, Path | None, datetime | None], Path | None]


def open_edition(settings: Settings, *, create: bool) -> Opened:
    found = EDITIONS_ON.get((settings.edition, settings.engine))
    if found is None:
        raise StoreUnusableError(
            f"{settings.edition} does not run on {settings.engine}: set RINHA_LEDGER to a file"
        )
    if create and settings.replica:
        assert isinstance(settings.ledger, Path)
        from rinha.replica.litestream import assert_nothing_to_restore

        assert_nothing_to_restore(settings.ledger, settings.replica)
    return found(settings, create)


def restore_of(settings: Settings) -> Restore:
    """Returns the edition's restore, or raises. Replication needs one too."""
    found = RESTORES_ON.get((settings.edition, settings.engine))
    if found is None:
        raise RestoreError(
            f"{settings.edition} on {settings.engine} can be neither restored by `rinha restore` "
            "nor replicated"
        )
    return found


def schema_of(settings: Settings) -> "Schema":
    """Returns the schema of the edition's files."""
    if settings.edition == "pessoas":
        from rinha.pessoas.on_sqlite import SqliteRegistry

        return SqliteRegistry.SCHEMA
    from rinha.crebitos.on_sqlite import SqliteLedger

    return SqliteLedger.SCHEMA


def clientes_of(settings: Settings) -> "Clientes":
    """Returns the clients of an existing ledger."""
    if settings.edition != "crebitos":
        raise StoreUnusableError(f"{settings.edition} has no clients: they are those of crebitos")
    if isinstance(settings.ledger, ServerUrl):
        from rinha.crebitos.on_postgres import PostgresLedger
        from rinha.crebitos.on_postgres_clientes import PostgresClientes

        return PostgresClientes(PostgresLedger(settings.ledger, create=False))
    from rinha.crebitos.on_sqlite import SqliteLedger
    from rinha.crebitos.on_sqlite_clientes import SqliteClientes

    return SqliteClientes(SqliteLedger.open(settings, create=False))


def _crebitos_on_sqlite(settings: Settings, create: bool) -> Opened:
    from rinha.crebitos.on_sqlite import SqliteLedger

    ledger = SqliteLedger.open(settings, create=create)
    return Opened(ledger, partial(_crebitos_app, ledger))


def _crebitos_on_postgres(settings: Settings, create: bool) -> Opened:
    from rinha.crebitos.on_postgres import PostgresLedger

    assert isinstance(settings.ledger, ServerUrl)
    ledger = PostgresLedger(settings.ledger, create=create, keys_kept_us=settings.keys_kept_us)
    return Opened(ledger, partial(_crebitos_app, ledger))


def _crebitos_app(ledger: "Ledger", reset: bool) -> "App":
    from rinha.crebitos.routes import add_routes
    from rinha.http import create_app

    return create_app(ledger, add_routes, reset=reset)


def _pessoas_on_sqlite(settings: Settings, create: bool) -> Opened:
    from rinha.pessoas.on_sqlite import SqliteRegistry

    registry = SqliteRegistry.open(settings, create=create)
    return Opened(registry, partial(_pessoas_app, registry))


def _pessoas_app(registry: "Registry", reset: bool) -> "App":
    from rinha.http import create_app
    from rinha.pessoas.routes import add_routes

    return create_app(registry, add_routes, reset=reset)


def _restore_crebitos(settings: Settings, file: Path | None, at: datetime | None) -> Path | None:
    from rinha.crebitos.on_sqlite_restore import restore

    return restore(settings, file, at)


def _restore_pessoas(settings: Settings, file: Path | None, at: datetime | None) -> Path | None:
    from rinha.pessoas.on_sqlite import SqliteRegistry
    from rinha.replica.restore import restore

    return restore(SqliteRegistry, settings, file, at)


EDITIONS_ON: Mapping[tuple[str, str], Callable[[Settings, bool], Opened]] = {
    ("crebitos", "sqlite"): _crebitos_on_sqlite,
    ("crebitos", "postgres"): _crebitos_on_postgres,
    ("pessoas", "sqlite"): _pessoas_on_sqlite,
}
RESTORES_ON: Mapping[tuple[str, str], Restore] = {
    ("crebitos", "sqlite"): _restore_crebitos,
    ("pessoas", "sqlite"): _restore_pessoas,
}
