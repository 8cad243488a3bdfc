"""The contest's editions: the folder of each, and the commands that every edition has."""

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

# The keys are the contest's own names; the first is the default.
FOLDERS = {"2024q1": "crebitos", "2023q3": "pessoas"}
NAMES = (*FOLDERS, *FOLDERS.values())


class Edition(Protocol):
    """The commands of an edition: a module of its folder."""

    @property
    def REPORT(self) -> type[Report]:  # noqa: N802 - a constant of the module
        """The class of its reports, which reads them back from JSON."""

    @property
    def MIX(self) -> Sequence[Kind]:  # noqa: N802
        """The cycle of request types that a load repeats, shuffled each time."""

    def hello(self, address: Address) -> Request:
        """Returns a request that a service of the edition answers with 200."""

    def run_load(
        self, plan: Plan, thresholds: list[Threshold], view: View, *, reset: bool, strict: bool
    ) -> Report:
        """`loadtest run`: sends the mix as the plan says."""

    def official_length(self, plan: OfficialPlan) -> tuple[float, int]:
        """Returns the seconds and the number of requests of an official run."""

    def run_official(self, plan: OfficialPlan, view: View, *, reset: bool, strict: bool) -> Report:
        """`loadtest official`: plays the whole official run and judges it."""

    def run_check(self, address: Address, seed: int, *, reset: bool, strict: bool) -> Report:
        """`loadtest check`: checks the contract, rule by rule, without load."""

    def gatling(
        self, address: Address, simulation: Traversable | None, scale: float, *, reset: bool
    ) -> tuple[Report, Path]:
        """`loadtest gatling`: Gatling plays the official run; returns report and results folder."""

    def score(self, folder: Path) -> Report:
        """`loadtest score`: judges a folder of Gatling's results."""


def edition(name: str) -> Edition:
    """Imports an edition's commands on first use, so that a run never loads the others."""
    loaded: Any = import_module(f"loadtest.{FOLDERS.get(name, name)}.commands")
    return loaded  # type: ignore[no-any-return]


def any_report() -> Any:
    """Returns the union of all editions' report types; a tag in each file names its edition."""
    return reduce(or_, (edition(name).REPORT for name in FOLDERS))
