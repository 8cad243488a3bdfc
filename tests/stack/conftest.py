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
        # Refused where a test has broken .env or var/, but then nothing may be running.
        copy.stack("down")
        copy.wait_until_nothing_runs()
