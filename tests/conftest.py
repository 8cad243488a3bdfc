"""Fixtures that several suites share."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.help.running import Client, Stack

# How long an example takes is up to the machine, and no test is timed.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """One stack for all tests of a process: nginx and two instances."""
    with tempfile.TemporaryDirectory() as folder:
        running = Stack(Path(folder))
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
