"""The workloads and the time budget of pessoas, with reasons."""

from bench.contender import Workload
from bench.edition import Budget

FULL = Budget(rounds=3, max_s=1200)
QUICK = Budget(rounds=3, max_s=130)
# The official run sends this many posts, which add some 46,500 people.
POSTS = 54_635
ADDED = 46_500

# Adds the people of the official run, for the other workloads to search. In a full run it ends by
# the number of posts, well before its time.
FILL = Workload(
    "fill",
    "inserts, 14 connections, from 0 to 46,500 people",
    ("run", "-c", "14", "--only", "posts", "-n", str(POSTS)),
    60,
    6,
    repeatable=False,
)
DETAILS = Workload(
    "details", "details, 14 connections", ("run", "-c", "14", "--only", "details"), 4, 2
)
SEARCHES = Workload(
    "searches",
    "searches by the official terms, 14 connections",
    ("run", "-c", "14", "--only", "searches"),
    4,
    2,
)
# The last second of the official run, for longer.
PEAK = Workload(
    "peak", "the mix at 1,300/s, new connections", ("run", "-r", "1300", "--new-connections"), 6, 2
)
# The peak is far below this service's capacity.
MIX = Workload("mix", "the mix as fast as it goes, 64 connections", ("run", "-c", "64"), 4, 0)
OFFICIAL = Workload("official", "the official run", ("official",), 205, 10, repeatable=False)

MAIN = (FILL, DETAILS, SEARCHES, PEAK, MIX)
GROWTH = (DETAILS, SEARCHES, PEAK)
