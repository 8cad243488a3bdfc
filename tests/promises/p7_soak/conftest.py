"""Fixtures for tests of checkpoints."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.help.checkpointed_ledger import CheckpointedLedger


@pytest.fixture
def checkpointed(tmp_path: Path) -> Iterator[CheckpointedLedger]:
    opened = CheckpointedLedger(tmp_path / "rinha.db")
    yield opened
    opened.close()
