"""Which work is done for how long, how often, and why: the budget of a run."""

from bench.plan import Work

EDITION = ("--edition", "2023q3")
ROUNDS = 3
# As many as the official run sends, of whom some 46,500 are added.
POSTS = 54_635

# From nobody to as many as the official run leaves: what follows has these to look through.
FILL = Work(
    "fill",
    "inserts, 14 connections, from nobody to 46,500",
    ("run", "-c", "14", "--only", "posts", "-n", str(POSTS)),
    0,
    0,
)
DETAILS = Work("details", "details, 14 connections", ("run", "-c", "14", "--only", "details"), 4, 0)
SEARCHES = Work(
    "searches",
    "searches by the official terms, 14 connections",
    ("run", "-c", "14", "--only", "searches"),
    4,
    0,
)
# The last second of the official run, for longer.
PEAK = Work(
    "peak", "the mix at 1,300/s, new connections", ("run", "-r", "1300", "--new-connections"), 6, 0
)
# Ours alone is far from its limit there.
MIX = Work("mix", "the mix as fast as it goes, 64 connections", ("run", "-c", "64"), 4, 0)
OFFICIAL = Work("official", "the official run", ("official",), 205, 0)

WORKS = (FILL, DETAILS, SEARCHES, PEAK, MIX)
GROWTH = (DETAILS, SEARCHES, PEAK)
