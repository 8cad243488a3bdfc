"""kill -9 at any moment, to any process or all of them. Imports killing and running."""

from pathlib import Path

from tests.crash.killing import assert_cheap, kill_rounds
from tests.effort import drawn_seed, effort
from tests.running import Stack

ROUNDS = effort(8, 60, 60)


def test_nothing_acknowledged_is_lost_or_doubled_when_processes_die(tmp_path: Path) -> None:
    """One instance, both, nginx or all of them: what was answered is in the ledger, once."""
    stack = Stack(tmp_path)
    rounds = kill_rounds(stack, ROUNDS, drawn_seed())
    stack.stop()
    print(f"{len(rounds)} rounds, {sum(each.unanswered for each in rounds)} requests unanswered")
    assert_cheap(rounds)
