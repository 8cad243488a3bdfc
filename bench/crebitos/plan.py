"""The workloads and the time budget of crebitos, with reasons."""

from bench.edition import Budget
from bench.workload import Workload

# The median of five does not move when two of them were disturbed.
FULL = Budget(rounds=5, max_s=1500)
# Three rounds show a spread at all.
QUICK = Budget(rounds=3, max_s=145)

# Before the first measured request: caches fill, connections open, code is specialised.
WARM_UP = Workload("warm_up", "warm-up", ("run", "-c", "14"), 1, 1)
# Even a contender of 1,800/s answers so often in this time that its p99 stands on 70 answers.
CAPACITY_14 = Workload(
    "capacity_14", "as fast as it goes, 14 connections", ("run", "-c", "14"), 4, 3
)
CAPACITY_64 = Workload(
    "capacity_64", "as fast as it goes, 64 connections", ("run", "-c", "64"), 3, 3
)
# 2,040 requests: the p99 of one round stands on 20.
STEADY_340 = Workload("steady_340", "340/s, keep-alive", ("run", "-r", "340"), 6, 4)
# The official judge connects for each request.
FRESH_340 = Workload(
    "fresh_340", "340/s, new connections", ("run", "-r", "340", "--new-connections"), 5, 0
)
# Ten times the contest: 17,000 requests.
STEADY_3400 = Workload("steady_3400", "3,400/s, keep-alive", ("run", "-r", "3400"), 5, 0)
# Once; a quick run has a rehearsal.
OFFICIAL = Workload("official", "the official run", ("official",), 246, 12, repeatable=False)
# The ledger without HTTP, in each mode of SQLite's `synchronous`: some 100,000 transactions.
ALONE = "alone"
ALONE_S = 2.0
ALONE_MODES = ("NORMAL", "FULL")

# For every contender; for this service and its ceiling; for growth and for the cost of an option.
MAIN = (CAPACITY_14, CAPACITY_64, STEADY_340)
EVERYTHING = (*MAIN, FRESH_340, STEADY_3400)
SHORT = (CAPACITY_14, STEADY_340)
