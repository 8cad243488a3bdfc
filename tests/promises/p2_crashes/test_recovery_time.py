"""Time to recover from kill -9."""

from pathlib import Path

import pytest

from tests.help.effort import drawn_seed
from tests.help.kill_rounds import assert_cheap, kill_rounds, load_of
from tests.help.running import Stack

pytestmark = pytest.mark.alone

ROUNDS = 500
BACK_P99_MAX_S = 1.0


def test_it_is_back_within_a_second_of_any_death(tmp_path: Path) -> None:
    """After each of 500 kills nothing is lost, and the service is back within 1 s at p99."""
    with Stack(tmp_path) as stack:
        rounds = kill_rounds(stack, ROUNDS, load_of(stack, drawn_seed()))
    assert_cheap(rounds)
    back_s = sorted(each.back_s for each in rounds)
    p50_s, p99_s = back_s[len(back_s) // 2], back_s[len(back_s) * 99 // 100]
    unanswered = sum(each.unanswered for each in rounds)
    print(f"{ROUNDS} rounds, {unanswered} unanswered, back after {p50_s:.2f} s, p99 {p99_s:.2f} s")
    assert p99_s < BACK_P99_MAX_S
