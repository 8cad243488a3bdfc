"""kill -9 under a load that sends each unanswered request again with its key."""

from pathlib import Path

import pytest

from tests.help.effort import drawn_seed, effort
from tests.help.keyed_load import KeyedLoad
from tests.help.kill_rounds import kill_rounds
from tests.help.running import Stack

ROUNDS = effort(4, 64, 100)
RATE = 340


@pytest.mark.parametrize("synchronous", ["NORMAL", "FULL"])
def test_with_keys_no_outcome_is_unknown(tmp_path: Path, synchronous: str) -> None:
    """After kill -9 of one or all processes each transaction that was sent is there exactly once,
    and each answer is repeated byte for byte."""
    with Stack(tmp_path, RINHA_SYNCHRONOUS=synchronous) as stack:
        load = KeyedLoad(stack.port, RATE, drawn_seed())
        rounds = kill_rounds(stack, ROUNDS, load)
    sent = len(load.outcomes)
    retries = load.attempts - load.once_more - sent
    print(
        f"{len(rounds)} rounds, {sent} transactions, {retries} retries, {load.once_more} repeated"
    )
    assert retries > 0, "no kill hit anything"
