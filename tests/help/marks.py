"""Marks of a test, set by what its code uses: its own, its fixtures' and its helpers'."""

import inspect
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from stack.run.processes import Processes
from tests.help.certificates import Authority
from tests.help.checkout import Checkout
from tests.help.cluster import Cluster
from tests.help.effort import effort
from tests.help.following import Following
from tests.help.ledger_process import traced
from tests.help.postgres import Server
from tests.help.running import Stack

# A test that uses one of these modules, classes or functions gets the marks.
MARKS: dict[Any, tuple[pytest.MarkDecorator, ...]] = {
    "subprocess": (pytest.mark.starts,),
    "multiprocessing": (pytest.mark.starts,),
    Processes: (pytest.mark.starts,),
    "selenium": (pytest.mark.starts, pytest.mark.needs("chromium", "chromedriver")),
    traced: (pytest.mark.needs("strace"),),
    Authority: (pytest.mark.needs("openssl"),),
    Stack: (pytest.mark.needs("nginx"),),
    Checkout: (pytest.mark.needs("nginx", "runsvdir", "sqlite3", "curl"),),
    Following: (pytest.mark.needs("litestream"),),
    Server: (pytest.mark.postgres, pytest.mark.needs("postgres")),
    Cluster: (pytest.mark.slow, pytest.mark.needs("postgres", "patroni", "etcd")),
}
# These folders have slow tests only: they build images, executables or a bare Debian.
SLOW = ("tests/stack/containers/", "tests/stack/fresh/", "tests/stack/onefile/")
# Marks of long tests, each of which implies `slow`.
LONG = {"alone", "repeats", "soak"}
# Programs that are not in everybody's PATH.
POSTGRES = map(str, Path("/usr/lib/postgresql").glob("*/bin"))
FOLDERS = ("/usr/sbin", "/sbin", f"{sys.prefix}/bin", *POSTGRES)


def mark(item: pytest.Function) -> None:
    """Adds the marks of everything that the test uses."""
    fixtures = item._fixtureinfo.name2fixturedefs.values()
    used = used_by(frozenset([item.function, *(found[-1].func for found in fixtures)]))
    if hasattr(item, "callspec") and item.callspec.params.get("engine") == "postgres":
        used = used | {Server, "subprocess"}
    for each in MARKS.keys() & used:
        for found in MARKS[each]:
            item.add_marker(found)
    names = {found.name for found in item.iter_markers()}
    # Its rounds are what EFFORT says.
    is_repeated = "starts" in names and effort in vars(item.module).values()
    if item.nodeid.startswith(SLOW):
        item.add_marker("starts")
    if is_repeated or names & LONG or item.nodeid.startswith(SLOW):
        item.add_marker("slow")


def skip_without_programs(item: pytest.Item) -> None:
    path = os.pathsep.join([os.environ.get("PATH", ""), *FOLDERS])
    needed = {program for marker in item.iter_markers("needs") for program in marker.args}
    if missing := sorted(name for name in needed if shutil.which(name, path=path) is None):
        pytest.skip(f"there is no {', no '.join(missing)}")


@cache
def used_by(functions: frozenset[Callable[..., Any]]) -> set[Any]:
    """Returns the functions and classes that these lead to, and the names of their packages."""
    found: set[Any] = set()
    left: list[Any] = list(functions)
    while left:
        for used in _globals_used_by(left.pop()):
            home = used.__name__ if inspect.ismodule(used) else _home_of(used)
            found.add(home.split(".")[0])
            if inspect.isroutine(used) or inspect.isclass(used):
                if home.startswith("tests.") and used not in found:
                    left.append(used)
                found.add(used)
    return found


def _home_of(used: Any) -> str:
    return getattr(used, "__module__", None) or type(used).__module__


def _globals_used_by(used: Any) -> Iterator[Any]:
    for function in _functions_of(used):
        left: list[CodeType] = [function.__code__]
        while left:
            code = left.pop()
            left += [inner for inner in code.co_consts if isinstance(inner, CodeType)]
            for name in code.co_names:
                if name in function.__globals__:
                    value = function.__globals__[name]
                    yield value
                    if inspect.ismodule(value):  # the names after a dot are not told apart
                        yield from (vars(value)[one] for one in code.co_names if one in vars(value))


def _functions_of(used: Any) -> Iterator[Any]:
    """Yields a function without its decorators, or the methods of a class and of its bases."""
    members = [used]
    if inspect.isclass(used):
        members = [one for base in used.__mro__ for one in vars(base).values()]
    for each in members:
        function = inspect.unwrap(getattr(each, "fget", None) or getattr(each, "__func__", each))
        if inspect.isfunction(function):
            yield function
