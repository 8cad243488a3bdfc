"""Table of each edition's store on each engine. A module is imported when it is used."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rinha.errors import RestoreError, StoreUnusableError
from rinha.settings import Settings

if TYPE_CHECKING:
    from rinha.crebitos.ledger import Ledger
    from rinha.http import App
    from rinha.pessoas.registry import Registry
    from rinha.store import AdminStore


class Opened(NamedTuple):
    """A store, and a function that returns its edition's application, with or without reset."""

    store: "AdminStore"
    create_app: "Callable[[bool], App]"


# Restores from a file, or from the replica at a time. Returns the old file's new name, if any.
Restore = Callable[[Settings, Path | None, datetime | None], Path | None]


def open_edition(knobs: Settings, *, create: bool) -> Opened:
    found = EDITIONS_ON.get((knobs.edition, knobs.engine))
    if found is None:
        raise StoreUnusableError(f"{knobs.edition} is not kept on {knobs.engine}: see RINHA_LEDGER")
    if create and knobs.replica:
        restore_of(knobs)
        assert isinstance(knobs.ledger, Path)
        from rinha.sqlite.litestream import assert_nothing_to_bring_back

        assert_nothing_to_bring_back(knobs.ledger, knobs.replica)
    return found(knobs, create)


def restore_of(knobs: Settings) -> Restore:
    """Returns the edition's restore, or raises. Replication needs one too."""
    found = RESTORES_ON.get((knobs.edition, knobs.engine))
    if found is None:
        raise RestoreError(
            f"{knobs.edition} on {knobs.engine} is not brought back by `rinha restore`, so no copy "
            "follows it either"
        )
    return found


def _crebitos_on_sqlite(knobs: Settings, create: bool) -> Opened:
    from rinha.crebitos.on_sqlite import open_store

    ledger = open_store(knobs, create=create)
    return Opened(ledger, partial(_crebitos_app, ledger))


def _crebitos_on_postgres(knobs: Settings, create: bool) -> Opened:
    from rinha.crebitos.on_postgres import open_store

    ledger = open_store(knobs, create=create)
    return Opened(ledger, partial(_crebitos_app, ledger))


def _crebitos_app(ledger: "Ledger", reset: bool) -> "App":
    from rinha.crebitos.routes import add_routes
    from rinha.http import create_app

    return create_app(ledger, add_routes, reset=reset)


def _pessoas_on_sqlite(knobs: Settings, create: bool) -> Opened:
    from rinha.pessoas.on_sqlite import open_store

    registry = open_store(knobs, create=create)
    return Opened(registry, partial(_pessoas_app, registry))


def _pessoas_app(registry: "Registry", reset: bool) -> "App":
    from rinha.http import create_app
    from rinha.pessoas.routes import add_routes

    return create_app(registry, add_routes, reset=reset)


def _restore_crebitos(knobs: Settings, file: Path | None, at: datetime | None) -> Path | None:
    from rinha.crebitos.on_sqlite_restore import restore

    return restore(knobs, file, at)


def _restore_pessoas(knobs: Settings, file: Path | None, at: datetime | None) -> Path | None:
    from rinha.pessoas.on_sqlite_restore import restore

    return restore(knobs, file, at)


EDITIONS_ON: Mapping[tuple[str, str], Callable[[Settings, bool], Opened]] = {
    ("crebitos", "sqlite"): _crebitos_on_sqlite,
    ("crebitos", "postgres"): _crebitos_on_postgres,
    ("pessoas", "sqlite"): _pessoas_on_sqlite,
}
RESTORES_ON: Mapping[tuple[str, str], Restore] = {
    ("crebitos", "sqlite"): _restore_crebitos,
    ("pessoas", "sqlite"): _restore_pessoas,
}
