"""Processes for the tests, forked from a server without threads: pytest's own process has some."""

import multiprocessing

forks = multiprocessing.get_context("forkserver")
# What each would import otherwise.
forks.set_forkserver_preload(["pytest", "rinha.ledger", "tests.effort"])
