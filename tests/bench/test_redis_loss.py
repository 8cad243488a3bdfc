"""The command that counts what Redis loses in a kill."""

import pytest

from bench.crebitos.redis_loss import measure_loss
from bench.parts.redis import ALWAYS, SNAPSHOTS
from tests.help.ports import free_port


@pytest.mark.tools
@pytest.mark.starts
@pytest.mark.needs("nginx", "redis-server")
def test_a_kill_of_redis_loses_what_no_snapshot_has() -> None:
    """Before the first snapshot a kill loses every answer; with an fsync for each it loses none."""
    answered, kept = measure_loss(SNAPSHOTS, 1.0, free_port())
    assert answered > 0
    assert kept == 0
    answered, kept = measure_loss(ALWAYS, 1.0, free_port())
    assert 0 < answered <= kept
