"""The workloads and the time budget of the benchmark of scaling."""

from bench.contender import Workload
from bench.crebitos.plan import CAPACITY_14, CAPACITY_64, STEADY_340
from bench.edition import Budget

# Three rounds are the fewest that show a spread.
ROUNDS = Budget(rounds=3, max_s=840)
QUICK = Budget(rounds=1, max_s=300)
# Statements take no lock: readers of the WAL do not wait for the writer.
STATEMENTS = Workload(
    "statements",
    "statements only, 14 connections",
    ("run", "-c", "14", "--only", "statements"),
    3,
    3,
)
EVERYTHING = (CAPACITY_14, CAPACITY_64, STATEMENTS, STEADY_340)
SHORT = (CAPACITY_14,)
