"""The stacks to measure: the project's own and, from a folder, anybody's."""

import importlib
import importlib.util
import sys
from pathlib import Path

from bench.parts.stack import Stack

OWN = Path(__file__).with_name("stacks")
# In tables, and in a round: those that are compared are neighbours; the rest follow by name.
ORDER = (
    *("rinha_normal", "rinha_watched", "rinha_followed", "constant", "rinha_full"),
    *("rinha_postgres", "falcon_psycopg_durable", "rinha_postgres_standby"),
    *("rinha_10m", "rinha_1m_clients"),
)


class NoStacksError(Exception):
    """A folder that holds nothing to measure; the text says why."""


def gather(folder: Path | None, *, quick: bool) -> tuple[dict[str, Stack], dict[str, str]]:
    """Those that can be loaded, and why others cannot. Those of a folder are always wanted."""
    found: dict[str, Stack] = {}
    failed: dict[str, str] = {}
    names = _names(OWN)
    for name in sorted(names, key=lambda name: ORDER.index(name) if name in ORDER else 99):
        try:
            stack = importlib.import_module(f"bench.stacks.{name}").STACK
        except ImportError as error:
            failed[name] = str(error)
            continue
        if stack.quick or not quick:
            found[name] = stack
    for path in _files(folder) if folder else ():
        if path.stem in names:
            raise NoStacksError(f"{path}: a stack of the benchmark itself is called so")
        try:
            found[path.stem] = _stack_in(path)
        except Exception as error:  # noqa: BLE001 - a stack is somebody else's code
            failed[path.stem] = f"{type(error).__name__}: {error}"
    return found, failed


def _names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("[!_]*.py"))


def _files(folder: Path) -> list[Path]:
    files = [folder / f"{name}.py" for name in _names(folder)]
    if not files:
        raise NoStacksError(f"{folder}: no folder with a .py file for each stack")
    return files


def _stack_in(path: Path) -> Stack:
    spec = importlib.util.spec_from_file_location(f"stacks_outside.{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no module")
    module = importlib.util.module_from_spec(spec)
    # Where dataclasses, and whatever else asks a class for its module, look for it.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    stack = module.STACK
    if not isinstance(stack, Stack):
        raise TypeError(f"STACK is a {type(stack).__name__}, not a Stack")
    return stack
