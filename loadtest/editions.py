"""The contest's editions: which folder plays each, and what every one of them can do."""

from collections.abc import Sequence
from functools import reduce
from importlib import import_module
from importlib.resources.abc import Traversable
from operator import or_
from pathlib import Path
from typing import Any, Protocol

from loadtest.drive.conduct import View
from loadtest.drive.plan import OfficialPlan, Plan
from loadtest.report.data import Report
from loadtest.report.thresholds import Threshold
from loadtest.wire.request import Address, Kind, Request

# By the contest's own names; without a word it is the first.
FOLDERS = {"2024q1": "crebitos", "2023q3": "pessoas"}
NAMES = (*FOLDERS, *FOLDERS.values())


class Edition(Protocol):
    """The commands of an edition: a module of its folder."""

    @property
    def REPORT(self) -> type[Report]:  # noqa: N802 - a constant of the module
        """How its reports are read back."""

    @property
    def MIX(self) -> Sequence[Kind]:  # noqa: N802
        """What is repeated, shuffled each time."""

    def hello(self, address: Address) -> Request:
        """What a service of the edition answers with 200."""

    def run_load(
        self, plan: Plan, thresholds: list[Threshold], view: View, *, reset: bool, strict: bool
    ) -> Report:
        """`loadtest run`: the mix, driven as asked."""

    def official_length(self, plan: OfficialPlan) -> tuple[float, int]:
        """The seconds and the requests of an official run."""

    def run_official(self, plan: OfficialPlan, view: View, *, reset: bool, strict: bool) -> Report:
        """`loadtest official`: the whole official run and its verdict."""

    def run_check(self, address: Address, seed: int, *, reset: bool, strict: bool) -> Report:
        """`loadtest check`: the contract, rule by rule, without load."""

    def gatling(
        self, address: Address, simulation: Traversable | None, scale: float, *, reset: bool
    ) -> tuple[Report, Path]:
        """`loadtest gatling`: the official run by Gatling itself, and the folder of its results."""

    def score(self, folder: Path) -> Report:
        """`loadtest score`: the verdict on a folder of Gatling's results."""


def edition(name: str) -> Edition:
    """Loaded when it is asked for: nobody pays for the others."""
    loaded: Any = import_module(f"loadtest.{FOLDERS.get(name, name)}.commands")
    return loaded  # type: ignore[no-any-return]


def any_report() -> Any:
    """The type of a report of whichever edition: a file says which it is of."""
    return reduce(or_, (edition(name).REPORT for name in FOLDERS))
