"""`kill -9` of any process of the one-file stack, under load."""

import os
import random
import signal
import time

from tests.help.effort import EFFORT, drawn_seed, effort
from tests.help.transaction_load import TransactionLoad
from tests.stack.onefile.started import OneFile

ROUNDS = effort(12, 100, 100)
RATE = 340
PAUSE_MAX_S = 0.4
BACK_P99_MAX_S = 1.0


def kill_one(stack: OneFile, rng: random.Random) -> tuple[str, float]:
    """Kills one process; returns its command and the time until the stack answers again."""
    pid, words = rng.choice(sorted(stack.processes().items()))
    killed_at_s = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    stack.wait_until_it_answers()
    back_s = time.monotonic() - killed_at_s
    if words.startswith("runsvdir"):
        # The other processes run without a supervisor, and the next start clears them.
        code, said = stack.run("up")
        assert code == 0, said
    return words, back_s


def test_no_kill_loses_an_acknowledged_transaction(onefile: OneFile) -> None:
    """After each kill the stack becomes whole again, and every acknowledged row exists once."""
    rng = random.Random(drawn_seed())
    assert onefile.run("up")[0] == 0
    backs = []
    with TransactionLoad(onefile.port, RATE, rng.randrange(2**31)) as load:
        for _ in range(ROUNDS):
            time.sleep(rng.uniform(0, PAUSE_MAX_S))
            onefile.wait_until_whole()
            backs.append(kill_one(onefile, rng))
    load.assert_explains_every_row(str(onefile.file))
    code, said = onefile.run("check")
    assert code == 0, said
    assert onefile.run("down")[0] == 0
    assert onefile.processes() == {}
    backs_s = sorted(back_s for _, back_s in backs)
    print(*(f"{back_s:.3f} s  {words}" for words, back_s in backs), sep="\n")
    print(
        f"{len(load.outcomes)} requests, {len(load.failed)} failed, back after {backs_s[-1]:.2f} s"
    )
    if EFFORT != "test":
        assert backs_s[len(backs_s) * 99 // 100] < BACK_P99_MAX_S
