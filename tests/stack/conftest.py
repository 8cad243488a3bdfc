"""Fixtures of the tests that run the stack."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.help.checkout import Checkout


@pytest.fixture
def checkout() -> Iterator[Checkout]:
    # Not tmp_path: the path of a unix socket must be short.
    with tempfile.TemporaryDirectory() as folder:
        copy = Checkout(Path(folder))
        yield copy
        copy.stack("down")
