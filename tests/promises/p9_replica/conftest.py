"""Fixtures for tests of the replica."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with `ledger` in it, and room for replicas. It is not tmp_path, as the path of a
    unix socket must be short."""
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "ledger").mkdir()
        yield Path(name)
