"""What an edition keeps and an engine stores, as the routes and the command see it."""

from collections.abc import Iterable, Mapping, Sequence
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


class Kept(Store, Protocol):
    """A store as the command `rinha` has it: EDITION/on_ENGINE.py opens one."""

    @property
    def engine(self) -> Engine: ...

    def audit(self) -> Audit: ...

    def levels(self) -> Iterable[Level]:
        """Of what is kept, and of where."""

    def overview(self) -> object:
        """The newest of what is kept, as JSON can say it."""
