"""Rounds of kill -9 under load, with the cost of each."""

import random
import time
from typing import NamedTuple

from tests.help.commands import assert_sound
from tests.help.constant_rate import CONNECTIONS
from tests.help.people_load import PeopleLoad
from tests.help.running import Stack
from tests.help.transaction_load import TransactionLoad

# Each edition's load, at the peak rate of its official run.
LOADS: dict[str, tuple[type[TransactionLoad] | type[PeopleLoad], int]] = {
    "crebitos": (TransactionLoad, 340),
    "pessoas": (PeopleLoad, 700),
}
VICTIMS = ("one instance", "both instances", "nginx", "everything")
# Longest random pause before a kill, so that kills hit the stack at any moment of its work.
PAUSE_MAX_S = 0.4


class Round(NamedTuple):
    victims: str
    killed_at_s: float
    # Time until everything answers again, including the killed processes.
    back_s: float
    unanswered: int


def load_of(stack: Stack, seed: int) -> TransactionLoad | PeopleLoad:
    kind, rate = LOADS[stack.edition]
    return kind(stack.port, rate, seed)


def kill_rounds(stack: Stack, rounds: int, load: TransactionLoad | PeopleLoad) -> list[Round]:
    """Runs the rounds, then asserts that the ledger explains every answer and passes its audit."""
    rng, done = random.Random(load.seed), list[Round]()
    with load:
        for number in range(rounds):
            time.sleep(rng.uniform(0, PAUSE_MAX_S))
            victims = VICTIMS[number % len(VICTIMS)]
            killed_at_s = time.monotonic()
            _kill(stack, victims, rng)
            stack.wait_until_ready()
            done.append(Round(victims, killed_at_s, time.monotonic() - killed_at_s, 0))
    load.assert_explains_every_row(stack.ledger)
    if isinstance(load, PeopleLoad):
        load.assert_everybody_is_found()
    assert_sound(stack.ledger, **stack.environment)
    next_kills = [*(each.killed_at_s for each in done[1:]), float("inf")]
    return [_with_unanswered(*each, load) for each in zip(done, next_kills, strict=True)]


def _kill(stack: Stack, victims: str, rng: random.Random) -> None:
    names = {
        "one instance": [rng.choice(["api01", "api02"])],
        "both instances": ["api01", "api02"],
        "nginx": ["nginx"],
        "everything": ["api01", "api02", "nginx"],
    }[victims]
    rng.shuffle(names)
    stack.kill(*names)
    for name in names:
        stack.start_part(name)


def _with_unanswered(each: Round, next_kill_s: float, load: TransactionLoad | PeopleLoad) -> Round:
    until_s = each.killed_at_s + each.back_s
    unanswered = [
        outcome
        for outcome in load.failed
        if outcome.is_open
        # While the disk is slow, a request of this round may wait until the next kill ends it.
        and each.killed_at_s <= outcome.sent_at_s + outcome.after_s < next_kill_s
        and outcome.sent_at_s < until_s
    ]
    return each._replace(unanswered=len(unanswered))


def assert_cheap(rounds: list[Round]) -> None:
    """While an instance lives, only requests that the killed one was handling get no answer."""
    for each in rounds:
        if each.victims == "one instance":
            assert each.unanswered <= CONNECTIONS, each
    assert any(each.unanswered for each in rounds), "no kill hit anything"
