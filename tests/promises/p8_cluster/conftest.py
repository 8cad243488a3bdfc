"""Servers that a test may break."""

from collections.abc import Iterator

import pytest

from tests.help.postgres_pair import Pair, paired, servers


@pytest.fixture
def pair() -> Iterator[Pair]:
    """A primary and its standby for one test only, and a ledger that is connected to them."""
    with servers() as both, paired(*both) as found:
        yield found
