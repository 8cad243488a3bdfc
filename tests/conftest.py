"""Fixtures that several suites share."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.help.ledgers import ENGINES
from tests.help.postgres import Server
from tests.help.running import Client, Stack

# How long an example takes is up to the machine, and no test is timed.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# `make test` passes them on; a make that a test starts would take them as its own.
for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
    os.environ.pop(name, None)

NewLedger = Callable[[Path], str]
# Fixtures that start programs; so does every engine that is no file.
STARTERS = {"checkout", "people_stack", "server", "stack"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what `make unit` leaves out."""
    for item in items:
        if isinstance(item, pytest.Function):
            given = item.callspec.params if hasattr(item, "callspec") else {}
            if STARTERS & set(item.fixturenames) or given.get("engine", "sqlite") != "sqlite":
                item.add_marker("starts")


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One PostgreSQL for all tests of a process."""
    running = Server()
    yield running
    running.stop()


@pytest.fixture(scope="session", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """Whatever asks for it, or for what follows from it, is tried on each."""
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def new_ledger(request: pytest.FixtureRequest, engine: str) -> NewLedger:
    """Names a ledger that nobody has made yet; a file's is in the folder."""
    if engine == "sqlite":
        return lambda folder: str(folder / "rinha.db")
    server: Server = request.getfixturevalue("server")
    return lambda _folder: server.new_database()


@pytest.fixture(scope="session")
def stack(new_ledger: NewLedger) -> Iterator[Stack]:
    """One stack for all tests of a process: nginx and two instances."""
    with tempfile.TemporaryDirectory() as folder:
        running = Stack(Path(folder), ledger=new_ledger(Path(folder)))
        yield running
        running.stop()


@pytest.fixture(scope="session")
def people_stack() -> Iterator[Stack]:
    """The same for the edition of 2023/Q3."""
    with tempfile.TemporaryDirectory() as folder:
        running = Stack(Path(folder), RINHA_EDITION="pessoas")
        yield running
        running.stop()


@pytest.fixture
def people(people_stack: Stack) -> Iterator[Client]:
    """A connection to an empty registry."""
    people_stack.reset()
    connected = people_stack.client()
    yield connected
    connected.close()


@pytest.fixture
def client(stack: Stack) -> Iterator[Client]:
    """A connection to an empty ledger."""
    stack.reset()
    connected = stack.client()
    yield connected
    connected.close()
