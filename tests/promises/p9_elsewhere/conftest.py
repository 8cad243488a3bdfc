"""A stack under the usual load, with a copy that follows."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder() -> Iterator[Path]:
    """With `ledger` and the places of copies in it. Not tmp_path: the path of a unix socket must be
    short."""
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "ledger").mkdir()
        yield Path(name)
