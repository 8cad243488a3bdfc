"""A contender, one way to serve an edition with all its processes, and the workloads on it."""

import runpy
from collections.abc import Callable, Container
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from stack.part import Part


class NoContendersError(Exception):
    """A folder without contenders; the text says why."""


class Workload(NamedTuple):
    """A command of `loadtest` and its duration."""

    name: str
    title: str
    # The command of loadtest and its options, without duration and edition.
    arguments: tuple[str, ...]
    seconds: float
    # 0: not in a quick run.
    quick_seconds: float
    # Whether a measurement that was thrown out is repeated at once, on the same data.
    repeatable: bool = True

    def arguments_for(self, seconds: float) -> list[str]:
        if self.arguments[0] == "run":
            # Checks would cost the generator a fifth, and the constant answer of the ceiling fails
            # them. The tests and the official run check the answers.
            return [*self.arguments, "-d", f"{seconds:g}", "--no-checks"]
        return [*self.arguments, "--scale", f"{seconds / self.seconds:g}"]


@dataclass(frozen=True)
class Contender:
    title: str
    # Prepares an empty folder. Returns what serves on the port, in the order of its start.
    parts: Callable[[Path, int], list[Part]]
    # Without any, those that every contender of the edition has.
    workloads: tuple[Workload, ...] = ()
    # Pattern of the files in the folder that hold the data; by default SQLite's or PostgreSQL's.
    data: str = ""
    # Whether a quick run has it too.
    quick: bool = False
    # Whether it keeps the contract on an empty store, so that the judge can check its rules.
    judged: bool = True

    def disk_bytes(self, folder: Path) -> int:
        patterns = (self.data,) if self.data else ("rinha.db*", "postgres/base/*/*")
        paths = (path for pattern in patterns for path in folder.glob(pattern))
        return sum(path.stat().st_size for path in paths if path.is_file())


def load_contenders(
    folder: Path, taken: Container[str]
) -> tuple[dict[str, Contender], dict[str, str]]:
    """Returns the contenders of a user's folder, one a file, and the errors of those that fail."""
    found: dict[str, Contender] = {}
    failed: dict[str, str] = {}
    paths = sorted(folder.glob("[!_]*.py"))
    if not paths:
        raise NoContendersError(f"{folder}: no folder with a .py file for each contender")
    for path in paths:
        if path.stem in taken:
            raise NoContendersError(
                f"{path}: the benchmark has a contender of this name; rename it"
            )
        try:
            found[path.stem] = _load(path)
        except Exception as error:  # noqa: BLE001 - the file is foreign code
            failed[path.stem] = f"{type(error).__name__}: {error}"
    return found, failed


def _load(path: Path) -> Contender:
    names = runpy.run_path(str(path), run_name=path.stem)
    # STACK is the name of before, see bench/parts/stack.py.
    contender = names["STACK"] if "STACK" in names else names["CONTENDER"]
    if not isinstance(contender, Contender):
        raise TypeError(f"CONTENDER is a {type(contender).__name__}, not a Contender")
    return contender
