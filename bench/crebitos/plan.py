"""The workloads and the time budget of crebitos, with reasons."""

from bench.contender import Workload
from bench.edition import Budget

# The median of five rounds stays the same if two of them were disturbed.
FULL = Budget(rounds=5, max_s=2100)
# Three rounds are the fewest that show a spread.
QUICK = Budget(rounds=3, max_s=145)

# Before the first measured request: caches fill, connections open, code is specialised.
WARM_UP = Workload("warm_up", "warm-up", ("run", "-c", "14"), 1, 1)
# Long enough that even at 1,800/s some 70 answers lie above the p99.
CAPACITY_14 = Workload(
    "capacity_14", "as fast as it goes, 14 connections", ("run", "-c", "14"), 4, 3
)
CAPACITY_64 = Workload(
    "capacity_64", "as fast as it goes, 64 connections", ("run", "-c", "64"), 3, 3
)
# 2,040 requests: 20 of them lie above the p99 of a round.
STEADY_340 = Workload("steady_340", "340/s, keep-alive", ("run", "-r", "340"), 6, 4)
# The official judge connects for each request.
FRESH_340 = Workload(
    "fresh_340", "340/s, new connections", ("run", "-r", "340", "--new-connections"), 5, 0
)
# Ten times the contest: 17,000 requests.
STEADY_3400 = Workload("steady_3400", "3,400/s, keep-alive", ("run", "-r", "3400"), 5, 0)
# Run once; a quick run has a rehearsal.
OFFICIAL = Workload("official", "the official run", ("official",), 246, 12, repeatable=False)
# The ledger without HTTP, in each mode of SQLite's `synchronous`: some 100,000 transactions.
ALONE = "alone"
ALONE_S = 2.0
ALONE_MODES = ("NORMAL", "FULL")

# The workloads of every contender, of this service and its ceiling, and of growth and options.
MAIN = (CAPACITY_14, CAPACITY_64, STEADY_340)
EVERYTHING = (*MAIN, FRESH_340, STEADY_3400)
SHORT = (CAPACITY_14, STEADY_340)
