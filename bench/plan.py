"""Which work is done for how long, how often, and why: the budget of a run."""

from typing import NamedTuple

# The median of five does not move when two of them were disturbed.
ROUNDS = 5
# Enough to see a spread at all.
QUICK_ROUNDS = 3
# Before the first measured request of a start: caches fill, connections open, code is specialised.
WARM_UP_S = 1.0
# No stack begins its turn after this, even on a slow machine: what was measured is shown, and
# the official run still has its time within half an hour and three minutes.
ROUNDS_MAX_S = 1500.0
QUICK_ROUNDS_MAX_S = 145.0
# How long the official run takes.
OFFICIAL_S = 246.0


class Work(NamedTuple):
    name: str
    title: str
    # What `loadtest` is asked for.
    words: tuple[str, ...]
    seconds: float
    # 0: not in a quick run.
    quick_seconds: float


# Even a stack of 1,800/s answers so often in this time that its p99 stands on 70 answers.
CAPACITY_14 = Work("capacity_14", "as fast as it goes, 14 connections", ("run", "-c", "14"), 4, 3)
CAPACITY_64 = Work("capacity_64", "as fast as it goes, 64 connections", ("run", "-c", "64"), 3, 3)
# 2,040 requests: the p99 of one round stands on 20.
STEADY_340 = Work("steady_340", "340/s, keep-alive", ("run", "-r", "340"), 6, 4)
# The official judge connects for each request.
FRESH_340 = Work(
    "fresh_340", "340/s, new connections", ("run", "-r", "340", "--new-connections"), 5, 0
)
# Ten times the contest: 17,000 requests.
STEADY_3400 = Work("steady_3400", "3,400/s, keep-alive", ("run", "-r", "3400"), 5, 0)
# The whole of it once; a rehearsal of it in a quick run.
OFFICIAL = Work("official", "the official run", ("official",), OFFICIAL_S, 12)
# Two processes without HTTP: some 100,000 transactions.
ALONE = Work("alone", "the ledger alone", (), 2, 2)

ALONE_MODES = ("NORMAL", "FULL")

# What every stack does; what ours and its ceiling do besides; what shows growth.
MAIN = (CAPACITY_14, CAPACITY_64, STEADY_340)
EVERYTHING = (*MAIN, FRESH_340, STEADY_3400)
GROWTH = (CAPACITY_14, STEADY_340)
WORKS = (*EVERYTHING, OFFICIAL, ALONE)
