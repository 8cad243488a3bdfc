"""What an edition keeps and an engine stores, as the routes and the command see it."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol


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


class Engine(Protocol):
    """What stores, whichever edition."""

    @property
    def facts(self) -> Mapping[str, object]:
        """For the log of a start."""

    def serving(self) -> AbstractContextManager[None]:
        """Whatever runs beside the requests, while it lasts."""

    def snapshot(self, target: Path) -> None: ...

    def close(self) -> None: ...


class Kept(Store, Protocol):
    """A store as the command `rinha` has it: EDITION/on_ENGINE.py opens one."""

    @property
    def engine(self) -> Engine: ...

    def audit(self) -> Audit: ...
