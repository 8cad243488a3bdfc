"""kill -9 of any process or of all, at any moment."""

from pathlib import Path

import pytest

from tests.help.effort import drawn_seed, effort
from tests.help.kill_rounds import assert_cheap, kill_rounds, load_of
from tests.help.running import Stack

ROUNDS = effort(4, 64, 64)


@pytest.mark.parametrize(
    ("edition", "synchronous"),
    [("crebitos", "NORMAL"), ("crebitos", "FULL"), ("pessoas", "NORMAL")],
)
def test_nothing_acknowledged_is_lost_or_doubled_when_processes_die(
    tmp_path: Path, edition: str, synchronous: str
) -> None:
    """After kill -9 of one or all processes each acknowledged write exists once and is found."""
    with Stack(tmp_path, RINHA_EDITION=edition, RINHA_SYNCHRONOUS=synchronous) as stack:
        rounds = kill_rounds(stack, ROUNDS, load_of(stack, drawn_seed()))
    print(f"{len(rounds)} rounds, {sum(each.unanswered for each in rounds)} requests unanswered")
    assert_cheap(rounds)
