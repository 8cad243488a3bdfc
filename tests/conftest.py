"""Fixtures that several suites share."""

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from hypothesis import settings

from tests.help.ledgers import ENGINES
from tests.help.marks import mark, skip_without_programs
from tests.help.postgres import Server
from tests.help.running import Client, Stack

# The time of an example depends on the machine, and no test is timed.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# `make test` exports these; a make that a test starts would take them as its own.
for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
    os.environ.pop(name, None)

NewLedger = Callable[[Path], str]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks tests by what they use, so that `-m` chooses among them."""
    for item in items:
        if isinstance(item, pytest.Function):
            mark(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """Skips a test before its fixtures start what is not there."""
    skip_without_programs(item)
    with starts_only_if_marked(item):
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    with starts_only_if_marked(item):
        yield


@contextlib.contextmanager
def starts_only_if_marked(item: pytest.Item) -> Iterator[None]:
    """Fails a test that starts a process and has no mark for it."""

    def refuse(*_: object, **__: object) -> None:
        pytest.fail("it starts a process: mark it with pytest.mark.starts")

    with pytest.MonkeyPatch.context() as patch:
        if item.get_closest_marker("starts") is None:
            patch.setattr(subprocess.Popen, "__init__", refuse)
            patch.setattr(BaseProcess, "start", refuse)
        yield


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One PostgreSQL for all tests of a process."""
    running = Server()
    yield running
    running.stop()


@pytest.fixture(scope="session", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """An engine; a test that uses this fixture, or one built on it, runs on each engine."""
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def new_ledger(request: pytest.FixtureRequest, engine: str) -> NewLedger:
    """Returns a function that names a ledger not yet made; a file is in the given folder."""
    if engine == "sqlite":
        return lambda folder: str(folder / "rinha.db")
    server: Server = request.getfixturevalue("server")
    return lambda _folder: server.new_database()


@pytest.fixture(scope="session")
def stack(new_ledger: NewLedger) -> Iterator[Stack]:
    """One stack for all tests of a process: nginx and two instances."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Stack(folder, ledger=new_ledger(folder)) as running:
            yield running


@pytest.fixture(scope="session")
def people_stack() -> Iterator[Stack]:
    """One stack of pessoas for all tests of a process."""
    with tempfile.TemporaryDirectory() as name, Stack(Path(name), RINHA_EDITION="pessoas") as each:
        yield each


@pytest.fixture
def people(people_stack: Stack) -> Iterator[Client]:
    """A connection to an empty registry."""
    people_stack.reset()
    with contextlib.closing(people_stack.client()) as connected:
        yield connected


@pytest.fixture
def client(stack: Stack) -> Iterator[Client]:
    """A connection to an empty ledger."""
    stack.reset()
    with contextlib.closing(stack.client()) as connected:
        yield connected
