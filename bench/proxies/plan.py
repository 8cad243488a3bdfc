"""The workloads and the time budget of the benchmark of proxies."""

from bench.contender import Workload
from bench.crebitos.plan import CAPACITY_14, CAPACITY_64, STEADY_340
from bench.edition import Budget

ROUNDS = Budget(rounds=3, max_s=840)
QUICK = Budget(rounds=1, max_s=180)
STATEMENTS = Workload(
    "statements_gzip", "statements that may be compressed, 14 connections",
    ("run", "-c", "14", "--only", "statements", "--header", "Accept-Encoding: gzip"), 3, 3,
)  # fmt: skip
CAPACITY = (CAPACITY_14, CAPACITY_64)
EVERYTHING = (*CAPACITY, STATEMENTS, STEADY_340)
