"""Servers that a test may break."""

from collections.abc import Iterator

import pytest

from tests.help.pairs import Pair, paired, servers


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Two servers of its own, and a ledger that is connected to them."""
    with servers() as both, paired(*both) as found:
        yield found
