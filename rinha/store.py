"""Interfaces of stores and engines, as the routes and the command use them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple, Protocol


class Group(Protocol):
    """Requests whose transactions are committed together."""

    def pause(self) -> bool:
        """Delays the commit a little where it is worth it, so that more requests may join."""

    def end(self) -> None:
        """Commits the group unless that is done, and raises if what it wrote may be lost."""


class Store(Protocol):
    """Store operations behind the routes that all editions have."""

    def assert_readable(self) -> None: ...

    def reset(self) -> None: ...


class Audit(Protocol):
    """Result of an audit. It has no problems if the store is sound."""

    @property
    def problems(self) -> Sequence[str]: ...

    def lines(self, where: str) -> list[str]:
        """Returns the text for a person, with the verdict last."""


class Gauge(NamedTuple):
    """Current value of a gauge, in the terms of Prometheus."""

    name: str
    help: str
    value: float
    labels: tuple[tuple[str, str], ...] = ()


class Meter(Protocol):
    """Counts what an engine does, if metrics are on. The engine may hold the write lock at a call,
    so each takes less than 1 us."""

    def lock_waited(self, wait_us: int) -> None: ...

    def committed(self, wal_pages: int) -> None: ...

    def grouped(self, transactions: int, commit_us: int, sync_us: int | None) -> None: ...

    def group_failed(self) -> None: ...

    def checkpointed(self, step: str, took_us: int) -> None: ...

    def searching(self, now: bool) -> None: ...

    def reconnected(self) -> None: ...


class Engine(Protocol):
    """Engine that stores the tables of any edition."""

    @property
    def info(self) -> Mapping[str, object]:
        """Returns fields for the line of the log about a start."""

    def group_requests(self) -> bool:
        """Lets requests share a commit from now on; returns whether it does. The caller looks at
        `group` after each."""

    @property
    def group(self) -> Group | None:
        """Returns the group that is open. No answer of now may end before it is committed."""

    def serving(self, meter: Meter | None = None) -> AbstractContextManager[None]:
        """Runs the engine's background work while requests are served."""

    def snapshot(self, target: Path) -> None: ...

    def has_newest_version(self) -> bool:
        """Returns whether the store has all that this program's schema has."""

    def upgrade(self) -> None:
        """Upgrades the store to that, unless an older program uses it."""

    def assert_newest_version(self) -> None: ...

    def close(self) -> None: ...


Row = tuple[int | str, ...]


class Table(NamedTuple):
    """Table of an edition, with the same names on each engine."""

    name: str
    columns: Mapping[str, type[int] | type[str]]
    # Columns that give the rows the same order on each engine.
    key: Sequence[str]
    starts_empty: bool


class Content(Protocol):
    """All tables of a store, as they are moved to another engine."""

    @property
    def tables(self) -> Sequence[Table]:
        """Returns the tables in the order in which they can be filled."""

    def begin_move(self) -> None:
        """Refuses a file that was already moved or that another process has open, and then locks
        all other processes out."""

    def mark_moved(self, place: str) -> None:
        """Marks a file as moved, within a transaction. From its commit on no instance serves the
        file."""

    def transaction(self) -> AbstractContextManager[object]:
        """Runs one transaction that keeps all other writers out. It is committed if nothing
        fails."""

    def count(self, table: Table) -> int: ...

    def rows(self, table: Table) -> Iterator[Row]: ...

    def fill(self, table: Table, rows: Iterable[Row]) -> None:
        """Replaces all rows of the table."""


class AdminStore(Store, Protocol):
    """Store as the command `rinha` uses it. EDITION/on_ENGINE.py opens one."""

    @property
    def engine(self) -> Engine: ...

    @property
    def content(self) -> Content: ...

    def audit(self) -> Audit: ...

    def gauges(self) -> Iterable[Gauge]:
        """Returns the gauges of the tables and of their engine."""

    def overview(self) -> object:
        """Returns the newest data, in a form that JSON can express."""
