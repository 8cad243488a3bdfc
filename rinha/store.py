"""What an edition keeps and an engine stores, as the routes and the command see it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple, Protocol


class Store(Protocol):
    """What every edition has over HTTP besides its own routes."""

    def assert_readable(self) -> None: ...

    def reset(self) -> None: ...


class Audit(Protocol):
    """No problems is what it hopes for."""

    @property
    def problems(self) -> Sequence[str]: ...

    def lines(self, where: str) -> list[str]:
        """As a person reads it, the verdict last."""


class Level(NamedTuple):
    """A number as it stands at the moment of the question, in the terms of Prometheus."""

    name: str
    help: str
    value: float
    labels: tuple[tuple[str, str], ...] = ()


class Meter(Protocol):
    """Counts what an engine does, where somebody wants to know.

    Two things an engine only leaves there, as it holds the lock: they are counted after the answer.
    """

    # How long this request waited for its turn to write.
    wait_us: int
    # How many pages the log had after its commit.
    log_pages: int

    def moved(self, step: str, took_us: int) -> None: ...

    def searching(self, now: bool) -> None: ...

    def reconnected(self) -> None: ...


class Safety(Protocol):
    """Of commits that are not yet safe when they are done, so that many are made so at once."""

    @property
    def committed(self) -> int:
        """How many this process has written."""

    def make_safe(self, commit: int) -> None:
        """The one of this number, and any before it; raises where that failed."""


class Engine(Protocol):
    """What stores, whichever edition."""

    @property
    def facts(self) -> Mapping[str, object]:
        """For the log of a start."""

    def serving(self, meter: Meter | None = None) -> AbstractContextManager[Safety | None]:
        """Whatever runs beside the requests, while it lasts. Where it hands out a safety, no answer
        about a commit may end before that one was made safe."""

    def snapshot(self, target: Path) -> None: ...

    def close(self) -> None: ...


Row = tuple[int | str, ...]


class Table(NamedTuple):
    """Of an edition, by the same names on each engine."""

    name: str
    columns: Mapping[str, type[int] | type[str]]
    # In this order its rows are the same on each engine.
    key: Sequence[str]
    starts_empty: bool


class Content(Protocol):
    """All that is kept, to be moved to another engine."""

    @property
    def tables(self) -> Sequence[Table]:
        """In the order in which they can be filled."""

    def begin_move(self) -> None:
        """Refuses a file that was moved already, or that another process has open, and keeps all
        others from it."""

    def mark_moved(self, place: str) -> None:
        """Within a transaction: from its commit on a file is refused to who would serve it."""

    def holding(self) -> AbstractContextManager[None]:
        """One transaction, beside which nobody else writes, and which counts if nothing fails."""

    def count(self, table: Table) -> int: ...

    def rows(self, table: Table) -> Iterator[Row]: ...

    def fill(self, table: Table, rows: Iterable[Row]) -> None:
        """In place of what is there."""


class Kept(Store, Protocol):
    """A store as the command `rinha` has it: EDITION/on_ENGINE.py opens one."""

    @property
    def engine(self) -> Engine: ...

    @property
    def content(self) -> Content: ...

    def audit(self) -> Audit: ...

    def levels(self) -> Iterable[Level]:
        """Of what is kept, and of where."""

    def overview(self) -> object:
        """The newest of what is kept, as JSON can say it."""
